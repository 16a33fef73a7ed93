using System.Collections.Concurrent;
using Distil.Inference.Cuda;
using Distil.Trainer.Kernels.Launching;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>The mLSTM over positive features with the plain normaliser, in chunks on tensor cores, in both directions. Linear in S.</summary>
internal static class MemoryKernels
{
    private const int GateThreads = 512, ScanThreads = 256;

    private const Tensor? Absent = null;

    private static readonly ConcurrentDictionary<(int Key, int Value), CudaProgram> Programs = new();

    /// <summary>The most shared memory that a block of the memory needs, bytes.</summary>
    internal static int LargestShared(int features, int size) => Shared(features, size, keys: 2, values: 2, states: 1);

    /// <summary>The forward pass.</summary>
    /// <param name="sizes">Sizes of the layer.</param>
    /// <param name="inputs">Gates, and the biases among the weights.</param>
    /// <param name="queries">Features, (NH, B, S, dφ).</param>
    /// <param name="keys">Features, (KVH, B, S, group, dφ).</param>
    /// <param name="values">(KVH, B, S, DH).</param>
    internal static MemorySaved Run(MixerSizes sizes, MixerInputs inputs, Tensor queries, Tensor keys, Tensor values)
    {
        var run = new Sequences(sizes, queries);
        var program = Program(sizes);
        Tensor Rows() => MixerSizes.Room(queries, ScalarType.Float32, run.Count, run.Chunks * MixerSizes.Tile);
        var gates = new MemoryGates(Rows(), Rows(), Rows(), Rows(), MixerSizes.Room(queries, ScalarType.Float32, run.Count, run.Chunks));
        program["memory_gates"].Launch(
            new(run.Count, GateThreads, SharedBytes: 12 * run.Chunks), inputs.Gates!, inputs.Weights.InputBias!, inputs.Weights.ForgetBias!, gates.Source,
            gates.Peak, gates.Carried, gates.Written, gates.Keep, run.Batch, sizes.Heads, (int)inputs.Gates!.shape[1], sizes.GateColumn, run.Length, run.Chunks);
        var states = run.States();
        program["memory_outer"].Launch(run.Outer, keys, values, gates.Written, Absent, Absent, states, run.Batch, sizes.Group, run.Length);
        program["memory_scan"].Launch(run.Scan, states, gates.Keep, run.Chunks, 0);
        var (hidden, over) = (MixerSizes.Room(queries, ScalarType.BFloat16, sizes.Heads, run.Batch, run.Length, sizes.Size), Rows());
        program["memory_forward"].Launch(
            run.Forward, queries, keys, values, gates.Source, gates.Peak, gates.Carried, states, hidden, over, run.Batch, sizes.Group, run.Length);
        return new(queries, keys, gates, states, hidden, over);
    }

    /// <summary>The backward pass.</summary>
    /// <param name="sizes">Sizes of the layer.</param>
    /// <param name="inputs">As in <see cref="Run"/>.</param>
    /// <param name="saved">From <see cref="Run"/>.</param>
    /// <param name="values">As in <see cref="Run"/>.</param>
    /// <param name="gradient">Of h, (NH, B, S, DH).</param>
    /// <param name="ofGates">Receives the gradients of the scalar gates in their columns.</param>
    /// <param name="wantsValues">Whether the gradient of the values is wanted.</param>
    internal static MemoryGradients Gradients(
        MixerSizes sizes, MixerInputs inputs, MemorySaved saved, Tensor values, Tensor gradient, Tensor ofGates, bool wantsValues)
    {
        var (queries, keys, gates) = (saved.Queries, saved.Keys, saved.Gates);
        var run = new Sequences(sizes, queries);
        var program = Program(sizes);
        var (ofQueries, ofKeys, ofValues) = (empty_like(queries), empty_like(keys), wantsValues ? empty_like(gradient) : null);
        var (mean, ofSource, crossing) = (empty_like(gates.Source), empty_like(gates.Source), empty_like(gates.Keep));
        program["memory_backward_query"].Launch(
            run.Backward, gradient, queries, keys, values, gates.Source, gates.Peak, gates.Carried, saved.Over, saved.States, ofQueries, mean, run.Batch,
            sizes.Group, run.Length);
        var ofStates = run.States();
        program["memory_outer"].Launch(run.Outer, queries, gradient, gates.Carried, saved.Over, mean, ofStates, run.Batch, sizes.Group, run.Length);
        program["memory_scan"].Launch(run.Scan, ofStates, gates.Keep, run.Chunks, 1);
        program["memory_backward_key"].Launch(
            run.Backward, gradient, queries, keys, values, gates.Source, gates.Peak, gates.Written, saved.Over, mean, saved.States, ofStates, ofKeys, ofValues,
            ofSource, crossing, run.Batch, sizes.Group, run.Length);
        var sums = MixerSizes.Room(queries, ScalarType.Float32, sizes.Heads, run.Batch, 2);
        program["memory_gates_backward"].Launch(
            new(run.Count, GateThreads), ofSource, crossing, inputs.Gates!, inputs.Weights.ForgetBias!, ofGates, sums, run.Batch, sizes.Heads,
            (int)inputs.Gates!.shape[1], sizes.GateColumn, run.Length, run.Chunks);
        return new(ofQueries, ofKeys, ofValues, sums.sum([1L]));
    }

    private static int Shared(int features, int size, int keys, int values, int states) =>
        2 * (MixerSizes.Tile * (keys * (features + 8) + values * (size + 24)) + states * features * (size + 24));

    private static CudaProgram Program(MixerSizes sizes) => Programs.GetOrAdd(
        (sizes.Features, sizes.Size), key => new("memory.cu", $"KEY_SIZE={key.Key}", $"VALUE_SIZE={key.Value}"));

    /// <summary>The sequences of a batch, and how their kernels are launched.</summary>
    private sealed class Sequences(MixerSizes sizes, Tensor queries)
    {
        internal int Batch { get; } = (int)queries.shape[1];

        internal int Length { get; } = (int)queries.shape[2];

        internal int Count => sizes.Heads * Batch;

        internal int Chunks => (Length + MixerSizes.Tile - 1) / MixerSizes.Tile;

        internal LaunchShape Outer => Tiles(keys: 1, values: 1, states: 0);

        internal LaunchShape Forward => Tiles(keys: 2, values: 1, states: 1);

        internal LaunchShape Backward => Tiles(keys: 2, values: 2, states: 1);

        internal LaunchShape Scan => LaunchShape.For((long)sizes.Features * (sizes.Size + 8) / 8, ScanThreads) with { GridY = Count };

        internal Tensor States() => MixerSizes.Room(queries, ScalarType.BFloat16, (long)Count * Chunks, sizes.Features, sizes.Size + 8);

        private LaunchShape Tiles(int keys, int values, int states) =>
            new(Chunks, MixerSizes.TileThreads, Count, SharedBytes: Shared(sizes.Features, sizes.Size, keys, values, states));
    }
}

/// <summary>Gradients of the features of queries and keys, of the values by query head (NH, B, S, DH; null if not wanted), and of the biases of input and forget
/// gates, (NH, 2).</summary>
internal sealed record MemoryGradients(Tensor OfQueries, Tensor OfKeys, Tensor? OfValues, Tensor OfBiases);
