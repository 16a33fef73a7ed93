using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Tests.Kernels;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Transformers;

public sealed class CudaTransformerTests
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
        // The reference for llama was computed by a model cast to bfloat16 as a whole, rotary frequencies included.
        var rotary = name == "llama-tiny" ? ScalarType.BFloat16 : ScalarType.Float32;
        using var model = TransformerModel.Load(golden.Folder, CUDA, ScalarType.BFloat16, rotaryPrecision: rotary);
        var ids = golden.InputIds.cuda();

        var (plain, layers) = model.ForwardWithLayers(ids);
        var (fused, mean) = model.ForwardWithMean(ids);

        // Both round to bfloat16 in their own order of summation, so each is compared with the float32 reference.
        Tensor Logits(Tensor final) => final.to(ScalarType.Float32).matmul(model.HeadWeight.to(ScalarType.Float32).t());
        var error = Gpu.RelativeError(Logits(plain), golden["logits"]);
        Assert.InRange(Gpu.RelativeError(Logits(fused), golden["logits"]), 0, Math.Max(2e-2, 1.25 * error));
        Assert.Equal(0, Gpu.RelativeError(model.Forward(ids), fused));
        var expected = stack(layers.Skip(1).Select((_, i) => golden[$"hidden_states.{i + 1}"])).mean([0L]);
        Assert.InRange(Gpu.RelativeError(mean, expected), 0, 2e-2);
    }
}
