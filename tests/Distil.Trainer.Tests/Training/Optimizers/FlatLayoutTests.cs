using Distil.Trainer.Models;
using Distil.Trainer.Training.Optimizers;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Training.Optimizers;

public sealed class FlatLayoutTests
{
    [Fact]
    public void Every_parameter_begins_at_a_whole_vector()
    {
        using var scope = NewDisposeScope();
        NamedParameter[] parameters = [new("a", randn(3)), new("b", randn(2, 5)), new("c", randn(8))];
        var layout = new FlatLayout(parameters);

        Assert.Equal(4 + 12 + 8, layout.Length);
        Assert.Equal([(0, 0L, 3L), (1, 4, 10), (2, 16, 8)], layout.Parts());

        var joined = layout.Join(parameters.Select(parameter => parameter.Value).ToArray());
        foreach (var (i, parameter) in parameters.Index())
        {
            Assert.True(layout.View(joined, i).equal(parameter.Value).all().item<bool>());
        }
        Assert.Equal(1 + 2, joined.eq(0).sum().item<long>()); // the gaps
    }
}
