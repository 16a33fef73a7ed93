using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>y = w · x / √(mean(x²) + ε) over the last dimension (arXiv 1910.07467), in float32 for models of any type.</summary>
/// <param name="Weight">(D).</param>
/// <param name="Epsilon">ε.</param>
/// <param name="ZeroCentred">Whether the factor is 1 + w, multiplied in float32 (Gemma).</param>
/// <param name="Wide">Whether w is multiplied in float32 (OLMo 2).</param>
internal sealed record RmsNorm(Tensor Weight, double Epsilon, bool ZeroCentred = false, bool Wide = false)
{
    internal Tensor Apply(Tensor x)
    {
        using var scope = NewDisposeScope();
        var wide = x.to(ScalarType.Float32);
        var scale = (wide.square().mean([-1], keepdim: true) + Epsilon).rsqrt();
        if (ZeroCentred || Wide)
        {
            return (wide * scale * (Weight.to(ScalarType.Float32) + (ZeroCentred ? 1 : 0))).to(x.dtype).MoveToOuterDisposeScope();
        }

        return (Weight * (wide * scale).to(x.dtype)).MoveToOuterDisposeScope();
    }
}
