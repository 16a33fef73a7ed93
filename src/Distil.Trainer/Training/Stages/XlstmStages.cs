using Distil.Core.Specification;
using Distil.Trainer.Models;
using Distil.Trainer.Ranks;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Quantization;
using Distil.Trainer.Training.Schedules;
using Distil.Trainer.Training.Steps;

namespace Distil.Trainer.Training.Stages;

/// <summary>The only stage of the training of a student of kind <c>xlstm</c>.</summary>
internal static class XlstmStages
{
    /// <summary>Creates the stage.</summary>
    /// <param name="student">The student before its first step.</param>
    /// <param name="training">Rate, decay and clipping.</param>
    /// <param name="totalSteps">Optimiser steps of the whole training.</param>
    /// <param name="teaching">The loss and the sizes of the teacher's outputs; null to train on the text alone.</param>
    /// <param name="usePrecision">Sets the precision in which the student computes, once the optimiser has taken the weights in full precision.</param>
    /// <param name="rounding">Rounds the weights with which a step computes; null to compute with the exact ones.</param>
    /// <param name="ranks">The processes that train together, and from how many trained weights they divide the optimiser's state; null for this one alone.</param>
    internal static TrainingStages Of(
        IStudentModel student, TrainingSpec training, long totalSteps, (DeltaDistillation Loss, TargetSizes Sizes)? teaching, Action usePrecision,
        WeightRounding? rounding = null, (IRankGroup Group, long ShardFrom)? ranks = null) => new(new StageStart(0, UsesTargets: true, () =>
        {
            var optimizer = new AdamW(student.TrainableParameters, new AdamWOptions { WeightDecay = training.WeightDecay }.ShardedBy(ranks), ranks: ranks?.Group);
            usePrecision();
            return new DistillationStage(
                new TrainingStep(student, optimizer, teaching?.Loss, training.GradientClip, sizes: teaching?.Sizes, rounding: rounding), optimizer,
                LearningRateSchedule.WithRatio(training.LearningRate, training.WarmupRatio, totalSteps), firstStep: 0, teaching?.Loss, owned: true);
        }));
}
