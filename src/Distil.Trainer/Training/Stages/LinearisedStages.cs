using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Inference.Randomness;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Ranks;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Quantization;
using Distil.Trainer.Training.Schedules;
using Distil.Trainer.Training.Steps;

namespace Distil.Trainer.Training.Stages;

/// <summary>The stages of a linearised student's training: alignment with the teacher's attention, then distillation.</summary>
internal static class LinearisedStages
{
    /// <summary>Share of the alignment's steps in which its learning rate rises.</summary>
    private const double AlignmentWarmup = 0.1;

    /// <summary>AdamW's β₂ in the distillation: gradients of pre-trained weights change faster than 0.999 follows.</summary>
    private const double Beta2 = 0.95;

    /// <summary>Creates the stages.</summary>
    /// <param name="model">The student before its first step.</param>
    /// <param name="training">Stages, decay and clipping.</param>
    /// <param name="seed">Seed of the steps without the window.</param>
    /// <param name="totalSteps">Optimiser steps of the whole training.</param>
    /// <param name="teaching">The loss and the sizes of the teacher's outputs; null to train the second stage on the text alone.</param>
    /// <param name="rounding">Rounds the weights with which the second stage computes; null to compute with the exact ones.</param>
    /// <param name="ranks">The processes that train together, and from how many trained weights they divide the optimiser's state; null for this one alone.</param>
    internal static TrainingStages Of(
        LinearisedModel model, TrainingSpec training, long seed, long totalSteps, (DeltaDistillation Loss, TargetSizes Sizes)? teaching,
        WeightRounding? rounding = null, (IRankGroup Group, long ShardFrom)? ranks = null)
    {
        var stages = training.Stages ?? new StagesSpec();
        var alignment = model.NewParameters.Count == 0 ? 0 : (long)Math.Floor(stages.Alignment.Share * totalSteps);
        var starts = new List<StageStart>();
        if (alignment > 0)
        {
            starts.Add(new(0, UsesTargets: false, () => new AlignmentStage(
                model, stages.Alignment, LearningRateSchedule.WithRatio(stages.Alignment.LearningRate, AlignmentWarmup, alignment), training.GradientClip,
                ranks)));
        }

        if (alignment < totalSteps)
        {
            starts.Add(new(
                alignment, UsesTargets: teaching is not null, () => Distillation(model, training, seed, (alignment, totalSteps), teaching, rounding, ranks)));
        }

        return new(starts);
    }

    private static DistillationStage Distillation(
        LinearisedModel model, TrainingSpec training, long seed, (long First, long Total) steps, (DeltaDistillation Loss, TargetSizes Sizes)? teaching,
        WeightRounding? rounding, (IRankGroup Group, long ShardFrom)? ranks)
    {
        var spec = (training.Stages ?? new StagesSpec()).Distillation;
        var rates = LinearisedRates.Of(spec, LinearisedParameters.Of(model.Shape).Inherited);
        var schedule = LearningRateSchedule.WithRatio(rates.Inherited, training.WarmupRatio, steps.Total - steps.First, spec.EndRate);
        var optimizer = new AdamW(model.TrainableParameters, new AdamWOptions
        {
            WeightDecay = training.WeightDecay, Beta2 = Beta2, Factor = new(model.NewParameters, rates.New / rates.Inherited),
        }.ShardedBy(ranks), ranks: ranks?.Group);
        return new(
            new TrainingStep(model, optimizer, teaching?.Loss, training.GradientClip, sizes: teaching?.Sizes, rounding: rounding), optimizer, schedule, steps.First,
            teaching?.Loss, owned: true, position => model.Branch = LeavesOut(position) ? Branch.Memory : Branch.Both);

        bool LeavesOut(TrainingPosition at) =>
            model.Shape.Window > 0 && spec.WindowDropout > 0
            && new SplitMix64(seed, at.GlobalStep, 1).NextDouble() < spec.WindowDropout * (1 - at.GlobalStep / (double)steps.Total);
    }
}
