using System.Collections.Concurrent;
using Distil.Trainer.Kernels.Launching;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>Splits a layer's projections into rotated heads with the memory's share, and joins their gradients.</summary>
internal static class HeadKernels
{
    private const int Warps = 8, Threads = 32 * Warps;

    /// <summary>Blocks of the backward kernel along the positions: each sums the weights' gradients over its positions.</summary>
    private const int BackwardBlocks = 264;

    private static readonly ConcurrentDictionary<(int Size, int Heads, int Shared), CudaProgram> Programs = new();

    /// <summary>The forward pass.</summary>
    /// <param name="sizes">Sizes of the layer.</param>
    /// <param name="inputs">Projections and weights.</param>
    /// <param name="angles">(S, DH) float32 each.</param>
    /// <param name="batch">B.</param>
    internal static MixerHeads Run(MixerSizes sizes, MixerInputs inputs, (Tensor Cos, Tensor Sin) angles, long batch)
    {
        var (x, weights, positions) = (inputs.Projected, inputs.Weights, inputs.Projected.shape[0]);
        Tensor Room(long heads) => MixerSizes.Room(x, ScalarType.BFloat16, heads, batch, positions / batch, sizes.Size);
        var (queries, keys, values) = (Room(sizes.Heads), Room(sizes.Shared), Room(sizes.Shared));
        var share = weights.Mix is null ? null : MixerSizes.Room(x, ScalarType.Float32, positions, sizes.Heads);
        Program(sizes)["mixer_heads"].Launch(
            new((positions + Warps - 1) / Warps, Threads, sizes.Shared), x, angles.Cos, angles.Sin, weights.QueryNorm, weights.KeyNorm, weights.Mix,
            weights.MixBias, queries, keys, values, share, positions, (int)(positions / batch), (float)sizes.NormEpsilon);
        return new(queries, keys, values, share);
    }

    /// <summary>The backward pass.</summary>
    /// <param name="sizes">Sizes of the layer.</param>
    /// <param name="saved">From the forward pass.</param>
    /// <param name="ofLogit">Gradient of the share before its sigmoid, (N, NH) float32; null without a mix.</param>
    /// <param name="ofQueries">Two parts of the gradient, either null; and of the keys.</param>
    /// <param name="ofKeys">As <paramref name="ofQueries"/>.</param>
    /// <param name="ofValues">By query head, and by shared head; either null.</param>
    /// <returns>The gradients of the projections, and of the weights that take part here.</returns>
    internal static MixerInputs Gradients(
        MixerSizes sizes, MixerSaved saved, Tensor? ofLogit, (Tensor? First, Tensor? Second) ofQueries, (Tensor? First, Tensor? Second) ofKeys,
        (Tensor? OfHeads, Tensor? Shared) ofValues)
    {
        var (x, weights) = (saved.Inputs.Projected, saved.Inputs.Weights);
        var (positions, length) = (x.shape[0], (int)saved.Heads.Queries.shape[2]);
        var gradient = empty_like(x);
        var partial = ofLogit is null ? null : MixerSizes.Room(x, ScalarType.Float32, BackwardBlocks, sizes.Heads, 3 * sizes.Size + 1);
        var norms = weights.QueryNorm is null ? null : MixerSizes.Room(x, ScalarType.Float32, BackwardBlocks, sizes.Shared, 2, sizes.Size);
        Program(sizes)["mixer_heads_backward"].Launch(
            new(BackwardBlocks, Threads, sizes.Shared), x, saved.Angles.Cos, saved.Angles.Sin, weights.QueryNorm, weights.KeyNorm, weights.Mix, ofLogit,
            ofQueries.First, ofQueries.Second, ofKeys.First, ofKeys.Second, ofValues.OfHeads, ofValues.Shared, gradient, partial, norms, positions, length,
            (float)sizes.NormEpsilon);
        var mix = partial?.sum([0L]);
        var norm = norms?.sum([0L, 1L]);
        return new(gradient, null, new(
            norm?.select(0, 0), norm?.select(0, 1), null, null, null, null, null, mix?.narrow(1, 0, 3 * sizes.Size), mix?.select(1, 3 * sizes.Size)));
    }

    private static CudaProgram Program(MixerSizes sizes) => Programs.GetOrAdd(
        (sizes.Size, sizes.Heads, sizes.Shared), key => new("mixer_heads.cu", $"SIZE={key.Size}", $"HEADS={key.Heads}", $"SHARED={key.Shared}"));
}
