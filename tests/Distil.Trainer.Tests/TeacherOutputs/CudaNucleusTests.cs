using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Tests.Kernels;
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

    private static (Tensor TokenIds, Tensor LogProbabilities, Tensor TailLogSumExp) OnGpu(Tensor logits, int most, ExtractionSettings settings)
    {
        var padded = zeros([logits.shape[0], (logits.shape[1] + 7) / 8 * 8], logits.dtype, CUDA).narrow(1, 0, logits.shape[1]).copy_(logits.cuda());
        var found = NucleusComparison.Room(logits.shape[0], most, settings, CUDA);
        Assert.Null(CudaNucleus.Limit(settings));
        CudaNucleus.Select(padded, settings, found);
        return found;
    }

    private static void AssertEqual(Tensor logits, int most, ExtractionSettings settings) =>
        NucleusComparison.AssertEqual(logits, most, settings, () => OnGpu(logits, most, settings));

    private static ExtractionSettings Settings(double topP, int most, double nucleusTemperature) => NucleusComparison.Settings(topP, most, nucleusTemperature);
}
