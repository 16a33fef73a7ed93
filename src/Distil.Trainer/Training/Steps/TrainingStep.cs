using Distil.Core.Documents;
using Distil.Trainer.Distillation;
using Distil.Trainer.Models;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Torch;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Quantization;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Targets;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Steps;

/// <summary>One optimiser step: forward and backward pass over its micro-batches, clipping, update.</summary>
/// <remarks>
/// Of several processes, each computes its micro-batches; gradients and losses are summed over all. Micro-batches are weighted by their contents: cross-entropy by labels, KL by positions, alignment by rows. The sum over a step's micro-batches then equals
/// the result for one batch of all its rows (except for Frobenius, whose √B is the micro-batch's).
/// </remarks>
/// <param name="model">The model to train.</param>
/// <param name="optimizer">The optimiser of the model's trainable parameters.</param>
/// <param name="distillation">The loss; null to train on the text alone.</param>
/// <param name="gradientClip">Largest global gradient norm, &gt; 0.</param>
/// <param name="chunkPositions">Positions whose logits exist at one time; null for the fastest number on the device.</param>
/// <param name="sizes">Sizes of the teacher's outputs; null without a teacher.</param>
/// <param name="rounding">Rounds the weights with which the passes compute; null to compute with the exact ones.</param>
internal sealed class TrainingStep(
    ILanguageModel model, AdamW optimizer, DeltaDistillation? distillation, double gradientClip, int? chunkPositions = null, TargetSizes? sizes = null,
    WeightRounding? rounding = null)
{
    private readonly DistillationHead _head = new(model.Backend, model.HeadWeight.dtype, sizes, chunkPositions, distillation?.Divergence);

    /// <summary>Names of the values that <see cref="Run"/> returns, in order.</summary>
    internal enum Value
    {
        Loss,
        CrossEntropy,
        Kl,
        Alignment,
        GradientNorm,
    }

    /// <value>The form of each operation of a step.</value>
    internal IReadOnlyList<OperationForm> Operations => [.. model.Operations, _head.Report, optimizer.Report];

    /// <summary>Performs the step.</summary>
    /// <returns>One value for each <see cref="Value"/>, (5) float64 on the device, without waiting for the device; in the caller's dispose scope.</returns>
    internal Tensor Run(StepBatch batch, DeltaWeights weights, double learningRate)
    {
        using var scope = NewDisposeScope();
        var labels = (double)Math.Max(1, batch.Whole.Labels);
        var positions = (double)Math.Max(1, batch.Whole.Positions);
        var rows = (double)batch.Whole.Rows;
        Tensor? sums = null;                                                                 // (3): CE, KL, alignment
        using (rounding?.RoundForPass())
        {
            foreach (var (tokens, targets) in batch.Parts)
            {
                var share = new Share(tokens.Labels / labels, tokens.Positions / positions, Aligned(tokens) / rows);
                var values = Backward(tokens, targets, weights, share);
                sums = sums is null ? values : sums + values;
            }
        }

        sums ??= zeros(3, ScalarType.Float64, model.HeadWeight.device);
        var norm = optimizer.Step(learningRate, gradientClip, sums).to_type(ScalarType.Float64);
        // Weights are passed as scalars: a tensor of them would be copied to the device, and the copy waits for the device.
        var (alpha, temperature, beta) = weights;
        var loss = sums[0] * (1 - alpha - beta) + sums[1] * (alpha * temperature * temperature) + sums[2] * beta;
        return cat([loss.unsqueeze(0), sums, norm.unsqueeze(0)]).MoveToOuterDisposeScope();
    }

    /// <summary>Adds a micro-batch's gradients to the parameters'.</summary>
    /// <returns>Its shares of CE, KL and alignment, (3) float64.</returns>
    private Tensor Backward(TokenBatch tokens, BatchTargets? targets, DeltaWeights weights, Share share)
    {
        using var scope = NewDisposeScope();
        var layered = targets?.Layers is not null;
        var (final, blocks) = layered ? model.ForwardWithLayers(tokens.InputIds) : (model.Forward(tokens.InputIds), []);
        var head = _head.Compute(
            final, model.HeadWeight, tokens.InputIds, tokens.Counted, targets?.Outputs,
            new LossWeights((1 - weights.Alpha - weights.Beta) * share.Labels, weights.Alpha * share.Positions, weights.Temperature),
            headGradient: model.HeadWeight.requires_grad);

        // A substitute for the loss whose gradients are the head's: the backward pass then has one root, which the kernels' backward passes need.
        var root = (final * head.HiddenGradient).sum();
        if (head.HeadGradient is not null)
        {
            root += (model.HeadWeight * head.HeadGradient).sum();
        }
        var alignment = weights.Beta > 0 && targets is not null ? Alignment(final, blocks, targets, tokens.Counted) : null;
        if (alignment is not null)
        {
            root += alignment * (weights.Beta * share.Rows);
        }
        GradientScope.Backward(root);

        var aligned = alignment is null ? zeros_like(head.CrossEntropy) : alignment.detach().to_type(ScalarType.Float64) * share.Rows;
        return stack([head.CrossEntropy * share.Labels, head.Kl * share.Positions, aligned]).MoveToOuterDisposeScope();
    }

    private Tensor Alignment(Tensor final, IReadOnlyList<Tensor> blocks, BatchTargets targets, Tensor? counted) =>
        targets.Layers is not null
            ? distillation!.Alignment.LayerLoss(blocks, targets.Layers, counted)
            : distillation!.Alignment.Loss(final, targets.Outputs.MeanHidden!, counted);

    /// <summary>The rows for which a batch's alignment counts.</summary>
    private double Aligned(TokenBatch tokens) => tokens.Whole is { } whole && distillation is not null
        ? whole.Rows * distillation.Alignment.ShareOf(tokens.Rows / (double)whole.Rows, tokens.Positions / (double)Math.Max(1, whole.Positions))
        : tokens.Rows;

    /// <summary>A micro-batch's share of the whole step.</summary>
    private readonly record struct Share(double Labels, double Positions, double Rows);
}
