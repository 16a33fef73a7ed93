using Distil.Trainer.Distillation;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Models.Linearised.Fused;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Torch;
using Distil.Trainer.Training.Steps;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>Where the time of a linearised student's step goes: the head, the optimiser, and the kernels of one layer, forward and backward.</summary>
internal static class LinearisedParts
{
    /// <summary>Calls between two synchronisations, so that launching does not count.</summary>
    private const int Calls = 10;

    internal static void Measure(string what, LinearisedStudent student, StepBatch batch, int rows, int length)
    {
        using var scope = NewDisposeScope();
        var (model, config) = (student.Model, student.Model.Shape.Transformer);
        var (ids, targets) = (batch.Parts[0].Rows.InputIds, batch.Parts[0].Targets!.Outputs);
        var hidden = randn([rows, length, config.HiddenSize], ScalarType.BFloat16, CUDA);
        var head = new DistillationHead(Distil.Trainer.Kernels.Backend.For(CUDA), ScalarType.BFloat16);
        Figure.Measure($"head + CE + KL {what}", () => head.Compute(hidden, model.HeadWeight, ids, null, targets, new(0.1, 0.9, 1)), runs: 5, warmUp: 2);
        Figure.Measure($"layers forward, without gradient {what}", () =>
        {
            using var frozen = no_grad();
            model.Forward(ids);
        }, runs: 5, warmUp: 2);
        Figure.Measure($"layers forward and backward {what}", () =>
        {
            GradientScope.Backward(model.Forward(ids), hidden);
            foreach (var parameter in model.TrainableParameters)
            {
                parameter.Value.grad = null;
            }
        }, runs: 5, warmUp: 2);

        using var gradients = no_grad();
        var sizes = MixerSizes.Of(model.Shape, 0);
        Tensor Half(params long[] shape) => randn(shape, ScalarType.BFloat16, CUDA);
        long positions = rows * (long)length, width = (long)sizes.Heads * sizes.Size;
        Tensor New(string name) => model.NewParameters.First(parameter => parameter.Name.EndsWith(name, StringComparison.Ordinal)).Value;
        var inputs = new MixerInputs(Half(positions, sizes.Columns), Half(positions, (sizes.GateColumn + 2 * sizes.Heads + 7) / 8 * 8), new(
            null, null, New("query_features.weight"), New("key_features.weight"), New("input_gate.bias"), New("forget_gate.bias"), New("output_gate.bias"),
            sizes.Mixes ? New("mix.weight") : null, sizes.Mixes ? New("mix.bias") : null));
        using var rotary = new RotaryEmbedding(config.Rotary, CUDA, ScalarType.Float32);
        var angles = rotary.At(0, length, ScalarType.Float32);
        var mixer = new FusedMixer(sizes, Branch.Both);
        var (outputs, saved) = mixer.RunSaving(inputs, angles, rows);
        var (heads, ofGates) = (saved.Heads, zeros_like(inputs.Gates!));
        var ofMixed = Half(positions, width);
        var mix = MixKernels.Gradients(sizes, saved, new(ofMixed, null), ofGates, throughWindow: true);
        void Part(string name, Action run) => Figure.Measure($"{name}, {Calls} times, {what}", () =>
        {
            for (var i = 0; i < Calls; i++)
            {
                using var inner = NewDisposeScope();
                run();
            }
        }, runs: 5, warmUp: 2);

        Part("mixer forward", () => mixer.RunSaving(inputs, angles, rows));
        Part("mixer backward", () => mixer.Gradients(saved, new(ofMixed, null)));
        Part("heads forward", () => HeadKernels.Run(sizes, inputs, angles, rows));
        Part("heads backward", () => HeadKernels.Gradients(
            sizes, saved, mix.OfLogit, (heads.Queries, heads.Queries), (heads.Keys, heads.Keys), (mix.OfMemory, heads.Values)));
        Part("features of queries forward", () => FeatureKernels.Run(sizes, heads.Queries, inputs.Weights.QueryFeatures!));
        Part("features of queries backward", () => FeatureKernels.Gradients(
            sizes, heads.Queries, inputs.Weights.QueryFeatures!, saved.Memory!.Queries, saved.Memory.Queries, ofInput: true));
        Part("features of keys backward", () => FeatureKernels.Gradients(
            sizes, heads.Keys, inputs.Weights.KeyFeatures!, saved.Memory!.Keys, saved.Memory.Keys, ofInput: true));
        Part("memory forward", () => MemoryKernels.Run(sizes, inputs, saved.Memory!.Queries, saved.Memory.Keys, heads.Values));
        Part("memory backward", () => MemoryKernels.Gradients(sizes, inputs, saved.Memory!, heads.Values, mix.OfMemory!, ofGates, wantsValues: true));
        Part("mix forward", () => MixKernels.Run(sizes, saved, wantsMemory: false));
        Part("mix backward", () => MixKernels.Gradients(sizes, saved, new(ofMixed, null), ofGates, throughWindow: true));
        if (saved.Window is { } window)
        {
            Part("window forward", () => WindowKernels.Run(sizes, heads));
            Part("window backward", () => WindowKernels.Gradients(sizes, heads, window, mix.OfWindow!, mix.Delta!));
        }

        var stream = randn([positions, config.HiddenSize], ScalarType.Float32, CUDA);
        var norm = new RmsNorm(ones(config.HiddenSize, device: CUDA), 1e-6);
        var delta = Half(positions, config.HiddenSize);
        var scale = StreamKernels.Norm(stream, delta, norm).Scale;
        var both = Half(positions, 2 * config.IntermediateSize);
        var gated = Half(positions, config.IntermediateSize);
        Part("norm forward", () => StreamKernels.Norm(stream, delta, norm));
        Part("norm backward", () => StreamKernels.NormGradients(stream, delta, stream, norm, scale, rounds: true));
        Part("SwiGLU forward", () => StreamKernels.Gated(both));
        Part("SwiGLU backward", () => StreamKernels.GatedGradients(both, gated));
        foreach (var (name, from, to) in new[]
                 {
                     ("gate and up", (long)config.HiddenSize, 2L * config.IntermediateSize), ("down", config.IntermediateSize, config.HiddenSize),
                     ("queries, keys and values", config.HiddenSize, sizes.Columns), ("gates", config.HiddenSize, inputs.Gates!.shape[1]),
                     ("output", width, config.HiddenSize),
                 })
        {
            var (weight, x, gradient) = (Half(to, from), Half(positions, from), Half(positions, to));
            Part($"product: {name}", () => nn.functional.linear(x, weight));
            Part($"product: {name}, gradient of the input", () => gradient.mm(weight));
            Part($"product: {name}, gradient of the weight", () => gradient.t().mm(x));
        }

        var master = randn([2 * config.IntermediateSize, config.HiddenSize], ScalarType.Float32, CUDA);
        Part("weights rounded", () => master.to(ScalarType.BFloat16));
    }
}
