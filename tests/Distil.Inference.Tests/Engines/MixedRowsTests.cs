using Distil.Inference.Engines;
using Distil.Inference.Matrices;

namespace Distil.Inference.Tests.Engines;

public sealed class MixedRowsTests
{
    [Theory]
    [InlineData(WeightFormat.AsStored)]
    [InlineData(WeightFormat.Int8)]
    public void Greedy_drawn_and_penalised_texts_of_one_pass_are_those_that_each_is_alone(WeightFormat weights)
    {
        using var engine = StudentEngine.Open(RandomStudent.Write(RandomStudent.Small), new() { Weights = weights, Threads = 2 });
        var (alone, together) = MixedRows.Texts(engine, 60);
        Assert.Equal(alone, together);
        Assert.Equal(alone.Length, alone.Select(text => string.Join(' ', text.Skip(1))).Distinct().Count());
    }
}
