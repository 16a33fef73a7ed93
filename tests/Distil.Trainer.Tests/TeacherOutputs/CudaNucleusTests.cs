using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Tests.Kernels;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.TeacherOutputs;

public sealed class CudaNucleusTests
{
    public static TheoryData<int, int, double, double, ScalarType> Cases => new()
    {
        { 2048, 128, 0.99, 1, ScalarType.Float32 },
        { 2048, 128, 0.9, 1.5, ScalarType.BFloat16 },
        { 1003, 20, 0.99, 2, ScalarType.BFloat16 },
        { 1003, 1000, 1, 1, ScalarType.Float32 },
        { 151936, 128, 0.5, 1, ScalarType.BFloat16 },
        { 151936, 300, 0.999, 1, ScalarType.BFloat16 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_kernel_equals_tensor_operations(int vocabulary, int most, double topP, double nucleusTemperature, ScalarType type)
    {
        Gpu.Require();
        using var scope = NewDisposeScope();
        AssertEqual((randn(12, vocabulary) * 3).to(type), most, Settings(topP, most, nucleusTemperature));
    }

    [Fact]
    public void More_ties_than_fit_in_shared_memory_are_broken_by_the_lower_id()
    {
        Gpu.Require();
        using var scope = NewDisposeScope();
        var logits = ones([4, 8000], ScalarType.BFloat16);
        logits.narrow(1, 7777, 1).fill_(3);
        var found = OnGpu(logits, 32, Settings(0.99, 32, 1));
        Assert.Equal([7777L, .. Enumerable.Range(0, 31).Select(id => (long)id)], found.TokenIds[2].cpu().data<long>().ToArray());
        AssertEqual(logits, 32, Settings(0.99, 32, 1));
    }

    [Fact]
    public void Likely_tokens_that_one_thread_reads_are_all_found()
    {
        Gpu.Require();
        using var scope = NewDisposeScope();
        var logits = randn(4, 151936);
        var ofOneThread = arange(151936).div(8, RoundingMode.floor).remainder(512).eq(7);
        AssertEqual((logits + ofOneThread.to(ScalarType.Float32) * 9).to(ScalarType.BFloat16), 128, Settings(0.5, 128, 1));
    }

    private static ExtractionSettings Settings(double topP, int most, double nucleusTemperature) => new()
    {
        Keep = new() { TopP = topP, MaxTokens = most }, NucleusTemperature = nucleusTemperature, InverseTemperatures = TemperatureNodes.Between(1, 2),
    };

    private static (Tensor TokenIds, Tensor LogProbabilities, Tensor TailLogSumExp) OnGpu(Tensor logits, int most, ExtractionSettings settings)
    {
        var padded = zeros([logits.shape[0], (logits.shape[1] + 7) / 8 * 8], logits.dtype, CUDA).narrow(1, 0, logits.shape[1]).copy_(logits.cuda());
        var found = Room(logits.shape[0], most, settings, CUDA);
        Assert.Null(CudaNucleus.Limit(settings));
        CudaNucleus.Select(padded, settings, found);
        return found;
    }

    private static (Tensor TokenIds, Tensor LogProbabilities, Tensor TailLogSumExp) Room(long rows, int most, ExtractionSettings settings, Device device) => (
        full([rows, most], -1, ScalarType.Int64, device), full([rows, most], float.NaN, ScalarType.Float32, device),
        full([rows, settings.InverseTemperatures.Count], float.NaN, ScalarType.Float32, device));

    private static void AssertEqual(Tensor logits, int most, ExtractionSettings settings)
    {
        using var pause = NoGcRegion.Begin();
        var found = OnGpu(logits, most, settings);
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
