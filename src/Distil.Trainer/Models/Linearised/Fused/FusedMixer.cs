using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>What replaces a layer's attention, between the projections of its input and the output projection, as CUDA kernels. Equal to
/// <see cref="Mixer"/>.</summary>
/// <param name="sizes">Sizes of the layer.</param>
/// <param name="branch">Which branches count.</param>
/// <param name="wantsMemory">Whether the memory's part is also wanted.</param>
/// <param name="inherited">Whether gradients of the projections are wanted; without, only the new weights' are.</param>
internal sealed class FusedMixer(MixerSizes sizes, Branch branch, bool wantsMemory = false, bool inherited = true)
{
    /// <summary>The forward pass.</summary>
    /// <param name="inputs">Projections, gates and weights.</param>
    /// <param name="angles">Rotary angles, (S, DH) float32 each.</param>
    /// <param name="batch">B.</param>
    internal (MixerOutputs Outputs, MixerSaved Saved) RunSaving(MixerInputs inputs, (Tensor Cos, Tensor Sin) angles, long batch)
    {
        var (weights, heads) = (inputs.Weights, HeadKernels.Run(sizes, inputs, angles, batch));
        MemorySaved? memory = null;
        if (sizes.Memory && (branch != Branch.Window || sizes.Window == 0))
        {
            memory = MemoryKernels.Run(
                sizes, inputs, FeatureKernels.Run(sizes, heads.Queries, weights.QueryFeatures!), FeatureKernels.Run(sizes, heads.Keys, weights.KeyFeatures!),
                heads.Values);
        }

        var window = sizes.Window > 0 && (branch != Branch.Memory || !sizes.Memory) ? WindowKernels.Run(sizes, heads) : null;
        var saved = new MixerSaved(inputs, angles, heads, memory, window);
        return (MixKernels.Run(sizes, saved, wantsMemory), saved);
    }

    /// <summary>The backward pass.</summary>
    /// <param name="saved">From the forward pass.</param>
    /// <param name="gradients">Gradients of the outputs.</param>
    internal MixerInputs Gradients(MixerSaved saved, MixerOutputs gradients)
    {
        var (inputs, weights, heads) = (saved.Inputs, saved.Inputs.Weights, saved.Heads);
        var ofGates = inputs.Gates is null ? null : zeros_like(inputs.Gates);
        var mix = MixKernels.Gradients(sizes, saved, gradients, ofGates, inherited);
        var window = mix.OfWindow is null ? null : WindowKernels.Gradients(sizes, heads, saved.Window!, mix.OfWindow, mix.Delta!);
        MemoryGradients? memory = null;
        (Tensor? OfInput, Tensor? OfWeight) queries = default, keys = default;
        if (saved.Memory is { } own)
        {
            memory = MemoryKernels.Gradients(sizes, inputs, own, heads.Values, mix.OfMemory!, ofGates!, inherited);
            queries = FeatureKernels.Gradients(sizes, heads.Queries, weights.QueryFeatures!, own.Queries, memory.OfQueries, inherited);
            keys = FeatureKernels.Gradients(sizes, heads.Keys, weights.KeyFeatures!, own.Keys, memory.OfKeys, inherited);
        }

        var joined = inherited || sizes.Mixes
            ? HeadKernels.Gradients(
                sizes, saved, mix.OfLogit, (queries.OfInput, window?.Queries), (keys.OfInput, window?.Keys), (memory?.OfValues, window?.Values))
            : new MixerInputs(null!, null, new(null, null, null, null, null, null, null, null, null));
        return new(joined.Projected, ofGates, joined.Weights with
        {
            QueryFeatures = queries.OfWeight,
            KeyFeatures = keys.OfWeight,
            InputBias = memory?.OfBiases.select(1, 0),
            ForgetBias = memory?.OfBiases.select(1, 1),
            OutputBias = weights.OutputBias is null ? null : ofGates!.narrow(1, 0, sizes.Heads * sizes.Size).sum(0, type: ScalarType.Float32),
        });
    }
}
