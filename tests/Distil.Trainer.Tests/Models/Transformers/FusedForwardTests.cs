using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Tests.Kernels;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Transformers;

public sealed class FusedForwardTests
{
    [Theory]
    [InlineData("qwen2-tiny")]
    [InlineData("qwen3-tiny")]
    [InlineData("llama-tiny")]
    public void Equals_the_plain_layers_and_their_mean(string name)
    {
        Gpu.Require();
        using var scope = NewDisposeScope();
        using var golden = new GoldenCase(name);
        using var model = TransformerModel.Load(golden.Folder, CUDA, ScalarType.BFloat16);
        var ids = golden.InputIds.cuda();

        var (plain, layers) = model.ForwardWithLayers(ids);
        var (fused, mean) = model.ForwardWithMean(ids);

        Assert.InRange(Gpu.RelativeError(fused, plain), 0, 1e-2);
        Assert.InRange(Gpu.RelativeError(model.Forward(ids), fused), 0, 0);
        Assert.InRange(Gpu.RelativeError(mean, stack(layers.Skip(1).Select(layer => layer.to(ScalarType.Float32))).mean([0L])), 0, 1e-2);
        Assert.InRange(Gpu.RelativeError(fused.to(ScalarType.Float32).matmul(model.HeadWeight.to(ScalarType.Float32).t()), golden["logits"]), 0, 2e-2);
    }
}
