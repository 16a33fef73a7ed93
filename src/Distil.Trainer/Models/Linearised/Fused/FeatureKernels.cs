using Distil.Trainer.Kernels.Launching;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>The features of queries and keys: softmax of a linear map a head, and its backward pass.</summary>
internal static class FeatureKernels
{
    /// <summary>Pieces of the positions whose products for a weight's gradient run side by side: few heads alone would not fill a card.</summary>
    private const long Pieces = 16;

    /// <summary>The forward pass.</summary>
    /// <param name="sizes">Sizes of the layer.</param>
    /// <param name="x">Rotated queries or keys, (heads, B, S, DH).</param>
    /// <param name="weight">(NH, DH, DH) float32.</param>
    /// <returns>(heads, B, S, NH/heads, dφ) bfloat16.</returns>
    internal static Tensor Run(MixerSizes sizes, Tensor x, Tensor weight)
    {
        var (heads, positions) = (x.shape[0], x.shape[1] * x.shape[2]);
        var features = MixerSizes.Room(x, ScalarType.BFloat16, heads, x.shape[1], x.shape[2], sizes.Heads / heads, sizes.Features);
        Program(sizes)["mixer_features"].Launch(
            new((positions + MixerSizes.Tile - 1) / MixerSizes.Tile, MixerSizes.TileThreads, sizes.Heads,
                SharedBytes: 2 * (MixerSizes.Tile + sizes.Size) * (sizes.Size + 8)),
            x, weight.to(ScalarType.BFloat16), features, positions, (int)(sizes.Heads / heads));
        return features;
    }

    /// <summary>The backward pass.</summary>
    /// <param name="sizes">Sizes of the layer.</param>
    /// <param name="x">As in <see cref="Run"/>.</param>
    /// <param name="weight">As in <see cref="Run"/>.</param>
    /// <param name="features">The result of <see cref="Run"/>.</param>
    /// <param name="gradient">Its gradient.</param>
    /// <param name="ofInput">Whether the gradient of <paramref name="x"/> is wanted.</param>
    internal static (Tensor? OfInput, Tensor OfWeight) Gradients(MixerSizes sizes, Tensor x, Tensor weight, Tensor features, Tensor gradient, bool ofInput)
    {
        var (heads, positions, size) = (x.shape[0], x.shape[1] * x.shape[2], sizes.Size);
        var (group, rows) = (sizes.Heads / heads, sizes.Heads * positions);
        var linear = MixerSizes.Room(x, ScalarType.BFloat16, heads, positions, group * size);
        Program(sizes)["mixer_features_backward"].Launch(MixerSizes.Warps(rows), features, gradient, linear, rows);
        var pieces = positions % Pieces == 0 ? Pieces : 1;
        var ofWeight = x.view(heads * pieces, positions / pieces, size).transpose(1, 2).bmm(linear.view(heads * pieces, positions / pieces, group * size));
        var summed = ofWeight.view(heads, pieces, size, group, size).sum([1L], type: ScalarType.Float32);                  // (heads, in, group, out)
        var turned = ofInput ? weight.to(ScalarType.BFloat16).transpose(1, 2).reshape(heads, group * size, size) : null;    // (heads, group·out, in)
        return (turned is null ? null : linear.bmm(turned).view(x.shape), summed.permute(0, 2, 1, 3).reshape(weight.shape));
    }

    private static CudaProgram Program(MixerSizes sizes) => MixKernels.Program(sizes.Size, sizes.Features);
}
