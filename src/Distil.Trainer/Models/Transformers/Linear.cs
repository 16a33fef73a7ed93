using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Distil.Trainer.Models.Transformers;

/// <summary>y = x Wᵀ + b, in x's element type: weights of another are rounded for it.</summary>
/// <param name="Weight">(out, in).</param>
/// <param name="Bias">(out), or null.</param>
internal sealed record Linear(Tensor Weight, Tensor? Bias)
{
    internal Tensor Apply(Tensor x) => functional.linear(x, In(Weight, x)!, In(Bias, x));

    private static Tensor? In(Tensor? weight, Tensor x) => weight is null || weight.dtype == x.dtype ? weight : weight.to(x.dtype);
}
