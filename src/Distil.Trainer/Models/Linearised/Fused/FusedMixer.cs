using Distil.Trainer.Kernels;
using Distil.Trainer.Torch;
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
    /// <param name="gradients">Gradients of the outputs; the share carries none.</param>
    internal MixerInputs Gradients(MixerSaved saved, MixerOutputs gradients)
    {
        var (inputs, weights, heads) = (saved.Inputs, saved.Inputs.Weights, saved.Heads);
        var ofGates = inputs.Gates is null ? null : zeros_like(inputs.Gates);
        var mix = MixKernels.Gradients(sizes, saved, gradients, ofGates, inherited);
        var window = mix.OfWindow is null ? null : WindowKernels.Gradients(sizes, heads, saved.Window!, mix.OfWindow, mix.Delta!);
        MemoryGradients? memory = null;
        var (queries, keys) = (((Tensor?)null, (Tensor?)null), ((Tensor?)null, (Tensor?)null));
        if (saved.Memory is { } own)
        {
            memory = MemoryKernels.Gradients(sizes, inputs, own, heads.Values, mix.OfMemory!, ofGates!, inherited);
            queries = FeatureKernels.Gradients(sizes, heads.Queries, weights.QueryFeatures!, own.Queries, memory.OfQueries, inherited)!;
            keys = FeatureKernels.Gradients(sizes, heads.Keys, weights.KeyFeatures!, own.Keys, memory.OfKeys, inherited)!;
        }

        var joined = inherited || sizes.Mixes
            ? HeadKernels.Gradients(
                sizes, saved, mix.OfLogit, (queries.Item1, window?.Queries), (keys.Item1, window?.Keys), (memory?.OfValues, window?.Values))
            : new MixerInputs(inputs.Projected, null, new(null, null, null, null, null, null, null, null, null));
        return new(joined.Projected, ofGates, joined.Weights with
        {
            QueryFeatures = queries.Item2,
            KeyFeatures = keys.Item2,
            InputBias = memory?.OfBiases.select(1, 0),
            ForgetBias = memory?.OfBiases.select(1, 1),
            OutputBias = weights.OutputBias is null ? null : ofGates!.narrow(1, 0, sizes.Heads * sizes.Size).sum(0, type: ScalarType.Float32),
        });
    }

    /// <summary>The forward pass as one function of torch's autograd, if gradients are recorded.</summary>
    internal MixerOutputs Forward(MixerInputs inputs, (Tensor Cos, Tensor Sin) angles, long batch)
    {
        using var scope = NewDisposeScope();
        MixerOutputs outputs;
        if (is_grad_enabled())
        {
            var call = new Call(this, inputs, angles, batch);
            outputs = call.Outputs.Build<MixerOutputs>(AutogradFunction.Apply(call, call.Inputs.Present(inputs)));
            foreach (var kept in call.Kept)
            {
                kept.MoveToOuterDisposeScope();
            }
        }
        else
        {
            outputs = RunSaving(inputs, angles, batch).Outputs;
        }

        outputs.Mixed.MoveToOuterDisposeScope();
        outputs.Memory?.MoveToOuterDisposeScope();
        outputs.Share?.MoveToOuterDisposeScope();
        return outputs;
    }

    /// <summary>One forward pass and the backward pass that may follow.</summary>
    private sealed class Call(FusedMixer mixer, MixerInputs inputs, (Tensor Cos, Tensor Sin) angles, long batch) : IAutogradOperation
    {
        private MixerSaved? _saved;

        internal OptionalTensors Inputs { get; } = OptionalTensors.Of(inputs);

        internal OptionalTensors Outputs { get; private set; } = null!;

        /// <value>What the backward pass needs, in the scope of the call.</value>
        internal IEnumerable<Tensor> Kept => _saved!.Made;

        /// <inheritdoc/>
        public (IReadOnlyList<Tensor> Outputs, IReadOnlyList<Tensor> Saved) Forward(IReadOnlyList<Tensor> tensors)
        {
            (var outputs, _saved) = mixer.RunSaving(Inputs.Build<MixerInputs>(tensors), angles, batch);
            outputs = outputs with { Share = outputs.Share?.clone() };   // an output may not be what the backward pass keeps
            Outputs = OptionalTensors.Of(outputs);
            foreach (var kept in Kept)
            {
                kept.MoveToOuterDisposeScope();
            }

            return (Outputs.Present(outputs), []);
        }

        /// <inheritdoc/>
        public IReadOnlyList<Tensor?> Backward(IReadOnlyList<Tensor> saved, IReadOnlyList<Tensor> gradients)
        {
            var of = Outputs.Build<MixerOutputs>(gradients);
            using var mixed = of.Mixed is null ? zeros_like(of.Memory!) : null;
            return Inputs.Slots(mixer.Gradients(_saved! with { Inputs = inputs }, of with { Mixed = of.Mixed ?? mixed!, Share = null }));
        }
    }
}
