using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>The inputs of a mixer; their gradients have the same type. N = B·S positions; what a layer lacks is null.</summary>
/// <param name="Projected">Queries, keys and values side by side, (N, (NH + 2·KVH)·DH) bfloat16.</param>
/// <param name="Gates">The products of the layer's input with the weights of the output gate, if there is one, of the input and of the forget gates, bfloat16 (N,
/// columns); null without a memory.</param>
/// <param name="Weights">The weights, float32.</param>
internal sealed record MixerInputs(Tensor Projected, Tensor? Gates, MixerParameters Weights);

/// <summary>The weights of a mixer.</summary>
/// <param name="QueryNorm">(DH).</param>
/// <param name="KeyNorm">(DH).</param>
/// <param name="QueryFeatures">(NH, DH, DH).</param>
/// <param name="KeyFeatures">(NH, DH, DH).</param>
/// <param name="InputBias">(NH).</param>
/// <param name="ForgetBias">(NH).</param>
/// <param name="OutputBias">(NH·DH).</param>
/// <param name="Mix">(NH, 3·DH).</param>
/// <param name="MixBias">(NH).</param>
internal sealed record MixerParameters(
    Tensor? QueryNorm, Tensor? KeyNorm, Tensor? QueryFeatures, Tensor? KeyFeatures, Tensor? InputBias, Tensor? ForgetBias, Tensor? OutputBias, Tensor? Mix,
    Tensor? MixBias);

/// <summary>What a mixer gives.</summary>
/// <param name="Mixed">(N, NH·DH) bfloat16.</param>
/// <param name="Memory">The memory's part, gated, of the same shape; null unless it was asked for.</param>
internal sealed record MixerOutputs(Tensor Mixed, Tensor? Memory);

/// <summary>What a mixer's backward pass needs. P is S rounded up to whole chunks.</summary>
/// <param name="Inputs">The inputs.</param>
/// <param name="Angles">Rotary angles.</param>
/// <param name="Heads">Queries, keys and values by head.</param>
/// <param name="Memory">Of the memory; null if it does not count.</param>
/// <param name="Window">Of the window; null if it does not count.</param>
internal sealed record MixerSaved(MixerInputs Inputs, (Tensor Cos, Tensor Sin) Angles, MixerHeads Heads, MemorySaved? Memory, WindowSaved? Window)
{
    /// <value>The tensors that were made for the backward pass.</value>
    internal IEnumerable<Tensor> Made => new[]
    {
        Heads.Queries, Heads.Keys, Heads.Values, Heads.Share, Memory?.Queries, Memory?.Keys, Memory?.Gates.Source, Memory?.Gates.Peak, Memory?.Gates.Carried,
        Memory?.Gates.Written, Memory?.Gates.Keep, Memory?.States, Memory?.Hidden, Memory?.Over, Window?.Attended, Window?.LogSums,
    }.OfType<Tensor>();
}

/// <summary>Rotated queries (NH, B, S, DH), rotated keys and values (KVH, B, S, DH), bfloat16; the share of the memory (N, NH) float32, null without a
/// mix.</summary>
internal sealed record MixerHeads(Tensor Queries, Tensor Keys, Tensor Values, Tensor? Share);

/// <summary>The memory's gates by position, (NH·B, P) float32 each, and Keep by chunk; <c>memory.cu</c> gives the equations.</summary>
internal sealed record MemoryGates(Tensor Source, Tensor Peak, Tensor Carried, Tensor Written, Tensor Keep);

/// <summary>The memory's forward pass.</summary>
/// <param name="Queries">Features, (NH, B, S, dφ).</param>
/// <param name="Keys">Features, (KVH, B, S, group, dφ).</param>
/// <param name="Gates">The gates.</param>
/// <param name="States">After each chunk, (NH·B·chunks, dφ, DH + 8).</param>
/// <param name="Hidden">h, (NH, B, S, DH).</param>
/// <param name="Over">1 over the normaliser, (NH·B, P).</param>
internal sealed record MemorySaved(Tensor Queries, Tensor Keys, MemoryGates Gates, Tensor States, Tensor Hidden, Tensor Over);

/// <summary>The window's forward pass: its result (NH, B, S, DH), and log Σ exp of each position's scores, (NH, B, S).</summary>
internal sealed record WindowSaved(Tensor Attended, Tensor LogSums);
