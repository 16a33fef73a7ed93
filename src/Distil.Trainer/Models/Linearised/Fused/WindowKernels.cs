using System.Collections.Concurrent;
using Distil.Inference.Cuda;
using Distil.Trainer.Kernels.Launching;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>Attention over a window and sinks as a band of tiles, in both directions: O(S·W) work, O(S) memory.</summary>
internal static class WindowKernels
{
    private const int Piece = 16; // sinks of a block

    private static readonly ConcurrentDictionary<(int Size, int Group), CudaProgram> Programs = new();

    /// <summary>The most shared memory that a block needs if there are sinks, bytes.</summary>
    internal static int LargestShared(int size) => 2 * (2 * (MixerSizes.TileThreads / 32) * MixerSizes.Tile + 2 * Piece) * (size + 8);

    /// <summary>The forward pass.</summary>
    internal static WindowSaved Run(MixerSizes sizes, MixerHeads heads)
    {
        var (q, k, v, _) = heads;
        var (attended, sums) = (empty_like(q), MixerSizes.Room(q, ScalarType.Float32, q.shape[0], q.shape[1], q.shape[2]));
        Program(sizes)["window_forward"].Launch(
            Queries(sizes, q, tiles: 5), q, k, v, attended, sums, (int)q.shape[1], (int)q.shape[2], Window(sizes, q), sizes.Sinks, Scale(sizes));
        return new(attended, sums);
    }

    /// <summary>The backward pass: gradients of rotated queries, rotated keys and values.</summary>
    /// <param name="sizes">Sizes of the layer.</param>
    /// <param name="heads">As in <see cref="Run"/>.</param>
    /// <param name="saved">From <see cref="Run"/>.</param>
    /// <param name="gradient">Of its result.</param>
    /// <param name="delta">Σ gradient · result by position, (NH, B, S).</param>
    internal static MixerHeads Gradients(MixerSizes sizes, MixerHeads heads, WindowSaved saved, Tensor gradient, Tensor delta)
    {
        var (q, k, v, _) = heads;
        var (ofQueries, ofKeys, ofValues) = (empty_like(q), empty_like(k), empty_like(v));
        var (batch, length) = ((int)q.shape[1], (int)q.shape[2]);
        var shape = Queries(sizes, q, tiles: 6);
        Program(sizes)["window_backward_query"].Launch(
            shape, q, k, v, gradient, saved.LogSums, delta, ofQueries, batch, length, Window(sizes, q), sizes.Sinks, Scale(sizes));
        Program(sizes)["window_backward_key"].Launch(
            shape with { GridX = sizes.Shared * batch, GridY = (int)shape.GridX }, q, k, v, gradient, saved.LogSums, delta, ofKeys, ofValues, batch, length,
            Window(sizes, q), sizes.Sinks, Scale(sizes));
        if (sizes.Sinks > 0)
        {
            AddSinks(sizes, heads, saved, gradient, delta, ofKeys, ofValues);
        }

        return new(ofQueries, ofKeys, ofValues, null);
    }

    /// <summary>What sinks get from queries whose windows do not reach them: few keys of many queries, which would make their tiles' blocks the longest.</summary>
    private static void AddSinks(MixerSizes sizes, MixerHeads heads, WindowSaved saved, Tensor gradient, Tensor delta, Tensor ofKeys, Tensor ofValues)
    {
        var (q, k, v, _) = heads;
        var (pieces, sinks) = ((sizes.Sinks + Piece - 1) / Piece, Math.Min(sizes.Sinks, q.shape[2]));
        var partial = MixerSizes.Room(q, ScalarType.Float32, sizes.Group, k.shape[0], k.shape[1], pieces * Piece, 2, sizes.Size);
        Program(sizes)["window_backward_sinks"].Launch(
            new(k.shape[0] * k.shape[1], MixerSizes.TileThreads, sizes.Group, pieces, SharedBytes: LargestShared(sizes.Size)), q, k, v, gradient, saved.LogSums,
            delta, partial, (int)q.shape[1], (int)q.shape[2], Window(sizes, q), sizes.Sinks, Scale(sizes));
        var sums = partial.sum([0L]).narrow(2, 0, sinks);                                         // (KVH, B, sinks, 2, DH)
        ofKeys.narrow(2, 0, sinks).add_(sums.select(3, 0));
        ofValues.narrow(2, 0, sinks).add_(sums.select(3, 1));
    }

    private static LaunchShape Queries(MixerSizes sizes, Tensor q, int tiles) => new(
        (q.shape[2] + MixerSizes.Tile - 1) / MixerSizes.Tile, MixerSizes.TileThreads, (int)(q.shape[0] * q.shape[1]),
        SharedBytes: 2 * tiles * MixerSizes.Tile * (sizes.Size + 8));

    private static int Window(MixerSizes sizes, Tensor q) => (int)Math.Min(sizes.Window, q.shape[2]);

    /// <summary>1/√DH · log₂e: the kernels' exponentials are of 2.</summary>
    private static float Scale(MixerSizes sizes) => (float)(1 / (Math.Sqrt(sizes.Size) * Math.Log(2)));

    private static CudaProgram Program(MixerSizes sizes) =>
        Programs.GetOrAdd((sizes.Size, sizes.Group), key => new("window.cu", $"SIZE={key.Size}", $"GROUP={key.Group}"));
}
