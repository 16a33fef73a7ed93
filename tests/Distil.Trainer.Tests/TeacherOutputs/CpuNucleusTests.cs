using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.TeacherOutputs;

public sealed class CpuNucleusTests
{
    [Theory]
    [InlineData(2048, 128, 0.99, 1)]
    [InlineData(2048, 128, 0.9, 1.5)]
    [InlineData(1003, 20, 0.99, 2)]
    [InlineData(1003, 1000, 1, 1)]
    [InlineData(5, 5, 1, 1)]
    [InlineData(151936, 128, 0.5, 1)]
    [InlineData(130, 40, 0, 1)]
    public void The_kernel_equals_tensor_operations(int vocabulary, int most, double topP, double nucleusTemperature)
    {
        using var scope = NewDisposeScope();
        var (logits, settings) = (randn([12, vocabulary], generator: new Generator(5)) * 3, NucleusComparison.Settings(topP, most, nucleusTemperature));
        NucleusComparison.AssertEqual(logits, most, settings, () => Select(logits, most, settings));
    }

    [Fact]
    public void Ties_are_broken_by_the_lower_id()
    {
        using var scope = NewDisposeScope();
        var logits = ones(4, 8000);
        logits.narrow(1, 7777, 1).fill_(3);
        var found = Select(logits, 32, NucleusComparison.Settings(0.99, 32, 1));
        Assert.Equal([7777L, .. Enumerable.Range(0, 31).Select(id => (long)id)], found.TokenIds[2].data<long>().ToArray());
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Logits_that_are_not_finite_give_outputs_that_are_not_finite(double value)
    {
        using var scope = NewDisposeScope();
        foreach (var at in (int[])[0, 700, 1002]) // in a vector, and in the rest after the last whole one
        {
            var logits = randn(1, 1003);
            logits[0, at] = value;
            Assert.False(float.IsFinite(Select(logits, 8, NucleusComparison.Settings(0.9, 8, 1)).LogProbabilities[0, 0].item<float>()));
        }
    }

    [Fact]
    public void Tokens_that_are_impossible_are_not_kept()
    {
        using var scope = NewDisposeScope();
        var logits = full([1, 300], double.NegativeInfinity);
        (logits[0, 7], logits[0, 299]) = (1, 2);
        var found = Select(logits, 8, NucleusComparison.Settings(1, 8, 1));
        Assert.Equal([299, 7], found.TokenIds[0].data<long>().ToArray()[..2]);
        Assert.Equal(2, found.LogProbabilities.isfinite().sum().item<long>());
        Assert.True(found.TailLogSumExp.isneginf().all().item<bool>());
    }

    /// <summary>Rows apart in memory, as the extraction has them.</summary>
    private static (Tensor TokenIds, Tensor LogProbabilities, Tensor TailLogSumExp) Select(Tensor logits, int most, ExtractionSettings settings)
    {
        var padded = zeros(logits.shape[0], logits.shape[1] + 5).narrow(1, 0, logits.shape[1]).copy_(logits);
        var found = NucleusComparison.Room(logits.shape[0], most, settings, CPU);
        CpuNucleus.Select(padded, settings, found);
        return found;
    }
}
