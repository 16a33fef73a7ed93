using Distil.Trainer.Models;
using Distil.Trainer.Training.Optimizers;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Training.Optimizers;

public sealed class FlatLayoutTests
{
    [Fact]
    public void Half_precision_comes_first_and_every_parameter_begins_at_a_whole_vector()
    {
        using var scope = NewDisposeScope();
        NamedParameter[] parameters = [new("a", randn(3)), new("b", randn(2, 5).to(ScalarType.BFloat16)), new("c", randn(9))];
        var layout = new FlatLayout(parameters);

        Assert.Equal(16, layout.HalfLength);
        Assert.Equal(16 + 8 + 16, layout.Length);

        var (half, single) = layout.Join(parameters.Select(parameter => parameter.Value).ToArray());
        var joined = cat([half!.to(ScalarType.Float32), single!]);
        foreach (var (i, parameter) in parameters.Index())
            Assert.True(layout.View(joined, i).equal(parameter.Value.to(ScalarType.Float32)).all().item<bool>());
        Assert.Equal(6 + 5 + 7, joined.eq(0).sum().item<long>()); // the gaps
    }
}
