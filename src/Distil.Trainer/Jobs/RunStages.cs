using Distil.Trainer.Models;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Quantization;
using Distil.Trainer.Training.Schedules;
using Distil.Trainer.Training.Stages;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;

namespace Distil.Trainer.Jobs;

/// <summary>The stages of a run's training, by its kind of student.</summary>
internal static class RunStages
{
    /// <param name="job">The train job.</param>
    /// <param name="student">The student before its first step.</param>
    /// <param name="teaching">The loss and the teacher's outputs; null without a teacher.</param>
    /// <param name="totalSteps">Optimiser steps of the whole training.</param>
    /// <param name="rounding">Rounds the weights with which a step computes; null to compute with the exact ones.</param>
    public static TrainingStages Of(
        JobContext job, IStudentModel student, (DeltaDistillation Loss, ITargetSource Targets)? teaching, long totalSteps,
        WeightRounding? rounding)
    {
        if (student is not LinearisedModel linearised)
        {
            return new(new StageStart(0, UsesTargets: true, () => OnlyStage(job, student, teaching, totalSteps, rounding)));
        }

        job.UsePrecision(student); // its trained weights stay in full precision
        return LinearisedStages.Of(
            linearised, job.Spec.Training, job.Spec.Seed, totalSteps, teaching is { } known ? (known.Loss, known.Targets.Sizes) : null, rounding);
    }

    private static DistillationStage OnlyStage(
        JobContext job, IStudentModel student, (DeltaDistillation Loss, ITargetSource Targets)? teaching, long totalSteps,
        WeightRounding? rounding)
    {
        var training = job.Spec.Training;
        var optimizer = new AdamW(student.TrainableParameters, new AdamWOptions { WeightDecay = training.WeightDecay });
        job.UsePrecision(student); // after the optimiser has taken the weights in full precision
        return new(
            new TrainingStep(student, optimizer, teaching?.Loss, training.GradientClip, sizes: teaching?.Targets.Sizes, rounding: rounding), optimizer,
            LearningRateSchedule.WithRatio(training.LearningRate, training.WarmupRatio, totalSteps), firstStep: 0, teaching?.Loss, owned: true);
    }
}
