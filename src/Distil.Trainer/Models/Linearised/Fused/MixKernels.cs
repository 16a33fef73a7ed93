using System.Collections.Concurrent;
using Distil.Trainer.Kernels.Launching;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>o·memory + (1 − o)·window with the memory's output gate, and its backward pass.</summary>
internal static class MixKernels
{
    private const int AlignBlocks = 1056;

    private static readonly ConcurrentDictionary<(int Size, int Features), CudaProgram> Programs = new();

    /// <summary>The program of <c>mixer.cu</c> for a head's size and number of features.</summary>
    internal static CudaProgram Program(int size, int features) =>
        Programs.GetOrAdd((size, features), key => new("mixer.cu", $"SIZE={key.Size}", $"FEATURES={key.Features}"));

    /// <summary>The forward pass.</summary>
    /// <param name="sizes">Sizes of the layer.</param>
    /// <param name="saved">Both branches; one that does not count is null.</param>
    /// <param name="wantsMemory">Whether the memory's part is also wanted.</param>
    internal static MixerOutputs Run(MixerSizes sizes, MixerSaved saved, bool wantsMemory)
    {
        var positions = saved.Inputs.Projected.shape[0];
        Tensor Room() => MixerSizes.Room(saved.Inputs.Projected, ScalarType.BFloat16, positions, sizes.Heads * sizes.Size);
        var (mixed, memory) = (Room(), wantsMemory && saved.Memory is not null ? Room() : null);
        var (gate, pitch) = Gate(sizes, saved.Inputs);
        Program(sizes.Size, sizes.Features)["mixer_mix"].Launch(
            MixerSizes.Warps(positions * sizes.Heads), saved.Memory?.Hidden, saved.Window?.Attended, gate, saved.Inputs.Weights.OutputBias, saved.Heads.Share,
            mixed, memory, positions, sizes.Heads, pitch);
        return new(mixed, memory);
    }

    /// <summary>The backward pass.</summary>
    /// <param name="sizes">Sizes of the layer.</param>
    /// <param name="saved">From the forward pass.</param>
    /// <param name="gradients">Gradients of its results.</param>
    /// <param name="ofGates">Receives the gradient of the output gate in its columns.</param>
    /// <param name="throughWindow">Whether the window's gradient is wanted.</param>
    internal static MixGradients Gradients(MixerSizes sizes, MixerSaved saved, MixerOutputs gradients, Tensor? ofGates, bool throughWindow)
    {
        var positions = saved.Inputs.Projected.shape[0];
        var (memory, window) = (saved.Memory?.Hidden, saved.Window?.Attended);
        var ofMemory = memory is null ? null : empty_like(memory);
        var ofWindow = window is null || !throughWindow ? null : empty_like(window);
        var logit = saved.Heads.Share is { } share ? empty_like(share) : null;
        var delta = ofWindow is null ? null : empty_like(saved.Window!.LogSums);
        var (gate, pitch) = Gate(sizes, saved.Inputs);
        Program(sizes.Size, sizes.Features)["mixer_mix_backward"].Launch(
            MixerSizes.Warps(positions * sizes.Heads), gradients.Mixed.contiguous(), gradients.Memory?.contiguous(), memory, window, gate,
            saved.Inputs.Weights.OutputBias, saved.Heads.Share, ofMemory, ofWindow, gate is null ? null : ofGates, logit, delta, positions, sizes.Heads, pitch);
        return new(ofMemory, ofWindow, logit, delta);
    }

    /// <summary>The error of both parts against a teacher's attention, scale·Σ((mixed − h)² + λ·(memory − h)²), and its gradients.</summary>
    /// <param name="sizes">Sizes of the layer.</param>
    /// <param name="outputs">What the mixer gives.</param>
    /// <param name="attention">h, (N, NH·DH) bfloat16.</param>
    /// <param name="real">1 at the positions that count, (N) float32; null if all do.</param>
    /// <param name="scale">What a square counts.</param>
    /// <param name="memoryWeight">λ.</param>
    internal static (Tensor Error, MixerOutputs Gradients) Align(
        MixerSizes sizes, MixerOutputs outputs, Tensor attention, Tensor? real, double scale, double memoryWeight)
    {
        var (mixed, memory) = (empty_like(outputs.Mixed), outputs.Memory is null ? null : empty_like(outputs.Memory));
        var partial = MixerSizes.Room(mixed, ScalarType.Float32, AlignBlocks);
        Program(sizes.Size, sizes.Features)["mixer_align"].Launch(
            new(AlignBlocks, 256), outputs.Mixed, outputs.Memory, attention, real, mixed, memory, partial, mixed.shape[0], sizes.Heads, (float)scale,
            (float)memoryWeight);
        return (partial.sum(), new(mixed, memory));
    }

    private static (Tensor? Gate, int Pitch) Gate(MixerSizes sizes, MixerInputs inputs) =>
        sizes.OutputGate ? (inputs.Gates, (int)inputs.Gates!.shape[1]) : (null, 0);
}

/// <summary>Gradients of both branches, (NH, B, S, DH), and of the share before its sigmoid, (N, NH); and Σ gradient · result of the window by position, (NH, B,
/// S).</summary>
internal sealed record MixGradients(Tensor? OfMemory, Tensor? OfWindow, Tensor? OfLogit, Tensor? Delta);
