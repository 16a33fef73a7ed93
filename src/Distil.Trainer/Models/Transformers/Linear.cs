using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Distil.Trainer.Models.Transformers;

/// <summary>y = x Wᵀ + b.</summary>
/// <param name="Weight">(out, in).</param>
/// <param name="Bias">(out), or null.</param>
internal sealed record Linear(Tensor Weight, Tensor? Bias)
{
    internal Tensor Apply(Tensor x) => functional.linear(x, Weight, Bias);
}
