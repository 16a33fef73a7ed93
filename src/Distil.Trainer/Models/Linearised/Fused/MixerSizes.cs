using Distil.Core.Models;
using Distil.Inference.Cuda;
using Distil.Trainer.Kernels;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>Sizes of a layer's mixer, as its kernels need them.</summary>
/// <param name="Heads">NH.</param>
/// <param name="Shared">Heads of keys and values.</param>
/// <param name="Size">DH.</param>
/// <param name="Features">dφ.</param>
/// <param name="Window">W; 0 for none.</param>
/// <param name="Sinks">n.</param>
/// <param name="Memory">Whether the layer has a memory; a layer that keeps its attention has only a window, of all positions.</param>
/// <param name="OutputGate">Whether the memory's output is gated.</param>
/// <param name="NormEpsilon">ε of the norms of queries and keys.</param>
internal sealed record MixerSizes(int Heads, int Shared, int Size, int Features, int Window, int Sinks, bool Memory, bool OutputGate, double NormEpsilon)
{
    /// <summary>Positions of a tile.</summary>
    internal const int Tile = 64;

    /// <summary>Threads of the kernels that work on tiles.</summary>
    internal const int TileThreads = 128;

    /// <summary>The sizes of a layer.</summary>
    internal static MixerSizes Of(LinearisedShape shape, int layer)
    {
        var config = shape.Transformer;
        var keeps = shape.Keeps(layer);
        return new(
            config.Heads, config.KeyValueHeads, config.HeadSize, shape.FeatureSize, keeps ? int.MaxValue : shape.Window, keeps ? 0 : shape.Sinks, !keeps,
            !keeps && shape.OutputGate, config.NormEpsilon);
    }

    /// <summary>Why the kernels do not support a student's sizes on this card; null if they do.</summary>
    internal static string? Limit(LinearisedShape shape)
    {
        var config = shape.Transformer;
        var bytes = Math.Max(
            MemoryKernels.LargestShared(shape.FeatureSize, config.HeadSize), shape is { Window: > 0, Sinks: > 0 } ? WindowKernels.LargestShared(config.HeadSize) : 0);
        return config.HeadSize is not (Tile / 2 or Tile or 2 * Tile)
            ? $"a head has {config.HeadSize} units; the kernels support {Tile / 2}, {Tile} and {2 * Tile}"
            : config.HiddenSize % 8 != 0 || config.HiddenSize > StreamKernels.MaxWidth
                ? $"hidden_size is {config.HiddenSize}; the kernels support multiples of 8 up to {StreamKernels.MaxWidth}"
            : config.IntermediateSize % 8 != 0 ? $"intermediate_size is {config.IntermediateSize}; the kernels support multiples of 8"
            : bytes > CudaRuntime.Card.SharedBytes
                ? $"a block would need {bytes} bytes of shared memory; {CudaRuntime.Card.Name} has {CudaRuntime.Card.SharedBytes}"
            : null;
    }

    /// <value>NH / <see cref="Shared"/>.</value>
    internal int Group => Heads / Shared;

    /// <value>Whether the layer has attention over a window, and a learnt share of the memory.</value>
    internal bool Mixes => Memory && Window > 0;

    /// <value>Number of columns of queries, keys and values together.</value>
    internal int Columns => (Heads + 2 * Shared) * Size;

    /// <value>First column of the scalar gates behind the output gate.</value>
    internal int GateColumn => OutputGate ? Heads * Size : 0;

    /// <summary>A warp for each of so many rows.</summary>
    internal static LaunchShape Warps(long rows) => new((rows + 7) / 8, 256);

    /// <summary>An uninitialised tensor beside another.</summary>
    internal static Tensor Room(Tensor like, ScalarType type, params long[] shape) => empty(shape, type, like.device);
}
