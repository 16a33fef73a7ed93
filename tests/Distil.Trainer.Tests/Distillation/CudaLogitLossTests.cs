using Distil.Trainer.Distillation;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Tests.Kernels;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Distillation;

public sealed class CudaLogitLossTests
{
    public static TheoryData<int, int, double, ScalarType> Cases => new()
    {
        { 2048, 128, 1.0, ScalarType.Float32 },
        { 2048, 128, 1.37, ScalarType.Float32 },
        { 1003, 60, 2.0, ScalarType.Float32 },
        { 64, 64, 1.5, ScalarType.Float32 },
        { 1003, 60, 1.5, ScalarType.BFloat16 },
        { 151936, 64, 1.9, ScalarType.BFloat16 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_kernel_equals_tensor_operations(int vocabulary, int kept, double temperature, ScalarType type)
    {
        Gpu.Require();
        using var scope = NewDisposeScope();
        const int rows = 24;
        var logits = (randn(rows, vocabulary, device: CUDA) * 2).to(type);
        var targets = Targets(rows, vocabulary, kept, temperature, out var goal);
        var padded = zeros([rows, CudaLogitLoss.Stride(vocabulary)], type, CUDA).narrow(1, 0, vocabulary).copy_(logits);
        var losses = new PositionLosses(full(rows, float.NaN, device: CUDA), full(rows, float.NaN, device: CUDA));
        var plain = logits.to(ScalarType.Float32);

        Assert.Null(CudaLogitLoss.Limit(new((int)targets.TokenIds.shape[1], targets.InverseTemperatures.Count)));
        CudaLogitLoss.Apply(padded, goal, losses);
        var expected = PlainLogitLoss.Apply(plain, goal);

        Assert.InRange(Gpu.RelativeError(losses.CrossEntropy, expected.CrossEntropy), 0, 1e-5);
        Assert.InRange(Gpu.RelativeError(losses.Kl, expected.Kl), 0, 1e-4);
        Assert.InRange(Gpu.RelativeError(padded, plain), 0, type == ScalarType.BFloat16 ? 4e-3 : 1e-5);
    }

    [Theory]
    [InlineData(ScalarType.Float32, 1e-5)]
    [InlineData(ScalarType.BFloat16, 2e-2)]
    public void The_head_with_padding_equals_the_processors(ScalarType type, double tolerance)
    {
        Gpu.Require();
        using var scope = NewDisposeScope();
        var (hidden, head) = (randn(3, 16, 64), randn(1003, 64).to(type).to(ScalarType.Float32));
        var (ids, lengths) = (randint(1003, [3, 16], ScalarType.Int64), tensor(new long[] { 16, 9, 1 }));
        var targets = Heads.Sparse(hidden + randn_like(hidden), head, new() { InverseTemperatures = TemperatureNodes.Between(1, 2) }, lengths);
        var there = new TeacherTargets(
            targets.TokenIds.cuda(), targets.LogProbabilities.cuda(), targets.TailLogSumExp.cuda(), targets.InverseTemperatures, MeanHidden: null);

        var expected = Heads.Compute(hidden, head, ids, lengths, targets, new(0.3, 0.6, 1.5), 20);
        var actual = Heads.Compute(hidden.cuda(), head.to(type).cuda(), ids.cuda(), lengths.cuda(), there, new(0.3, 0.6, 1.5), 20);

        Assert.InRange(Gpu.RelativeError(actual.CrossEntropy, expected.CrossEntropy), 0, tolerance);
        Assert.InRange(Gpu.RelativeError(actual.Kl, expected.Kl), 0, tolerance);
        Assert.InRange(Gpu.RelativeError(actual.HiddenGradient, expected.HiddenGradient), 0, tolerance);
        Assert.Equal(0f, actual.HiddenGradient[1].narrow(0, 9, 7).abs().max().item<float>());
    }

    private static TeacherTargets Targets(int rows, int vocabulary, int kept, double temperature, out LogitTargets goal)
    {
        var nodes = TemperatureNodes.Between(1, 2);
        var settings = new ExtractionSettings { Keep = new() { TopP = 0.95, MaxTokens = kept }, InverseTemperatures = nodes };
        var found = (empty([rows, kept], ScalarType.Int64), empty(rows, kept), empty(rows, nodes.Length));
        Nucleus.Select(randn(rows, vocabulary) * 3, settings, found);
        var targets = new TeacherTargets(found.Item1.cuda(), found.Item2.cuda(), found.Item3.cuda(), nodes, MeanHidden: null);
        var scales = rand(rows, device: CUDA) / rows;
        goal = new(randint(vocabulary, rows, ScalarType.Int64, CUDA), scales, targets, scales * 0.7, temperature);
        return targets;
    }
}
