using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.TeacherOutputs;

/// <summary>Compares kernels that select a nucleus with <see cref="Nucleus"/>.</summary>
internal static class NucleusComparison
{
    internal static ExtractionSettings Settings(double topP, int most, double nucleusTemperature) => new()
    {
        Keep = new() { TopP = topP, MaxTokens = most }, NucleusTemperature = nucleusTemperature, InverseTemperatures = TemperatureNodes.Between(1, 2),
    };

    internal static (Tensor TokenIds, Tensor LogProbabilities, Tensor TailLogSumExp) Room(long rows, int most, ExtractionSettings settings, Device device) => (
        full([rows, most], -1, ScalarType.Int64, device), full([rows, most], float.NaN, ScalarType.Float32, device),
        full([rows, settings.InverseTemperatures.Count], float.NaN, ScalarType.Float32, device));

    /// <summary>Compares the result of a kernel with that of tensor operations.</summary>
    internal static void AssertEqual(
        Tensor logits, int most, ExtractionSettings settings, Func<(Tensor TokenIds, Tensor LogProbabilities, Tensor TailLogSumExp)> select)
    {
        using var pause = NoGcRegion.Begin();
        var found = select();
        var plain = Room(logits.shape[0], most, settings, CPU);
        Nucleus.Select(logits.to(ScalarType.Float32).clone(), settings, plain);
        var (ids, values) = (found.TokenIds.cpu(), found.LogProbabilities.cpu());
        AssertClose(plain.LogProbabilities, values, "log-probabilities");
        AssertClose(plain.TailLogSumExp, found.TailLogSumExp.cpu(), "the tail");

        // Ties may be broken otherwise: a token counts by its own probability, and once.
        var own = logits.to(ScalarType.Float32).log_softmax(-1).gather(-1, ids);
        AssertClose(own.masked_fill(values.isneginf(), double.NegativeInfinity), values, "log-probabilities by their tokens");
        for (var row = 0; row < ids.shape[0]; row++)
        {
            var used = (int)values[row].isneginf().logical_not().sum().item<long>();
            Assert.Equal(used, ids[row].data<long>().ToArray().Take(used).Distinct().Count());
        }
    }

    /// <summary>Unused slots, −∞, are the same ones.</summary>
    private static void AssertClose(Tensor expected, Tensor actual, string what)
    {
        if (expected.allclose(actual, rtol: 1e-5, atol: 1e-5, equal_nan: false))
        {
            return;
        }

        var (here, there) = (actual.data<float>().ToArray(), expected.data<float>().ToArray());
        var at = Enumerable.Range(0, here.Length).Where(i => !here[i].Equals(there[i])).OrderByDescending(i => Math.Abs(here[i] - there[i])).Take(5);
        Assert.Fail(
            $"{what} differ: {string.Join(", ", at.Select(i => $"[{i / expected.shape[1]}, {i % expected.shape[1]}] {here[i]} instead of {there[i]}"))}");
    }
}
