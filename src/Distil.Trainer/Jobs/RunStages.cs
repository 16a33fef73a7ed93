using Distil.Trainer.Models;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Quantization;
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
        ComputeContext job, IStudentModel student, (DeltaDistillation Loss, ITargetSource Targets)? teaching, long totalSteps,
        WeightRounding? rounding)
    {
        (DeltaDistillation, TargetSizes)? sized = teaching is { } known ? (known.Loss, known.Targets.Sizes) : null;
        var ranks = (job.Ranks, job.Spec.Compute.ShardOptimizerFrom ?? long.MaxValue);
        if (student is not LinearisedModel linearised)
        {
            return XlstmStages.Of(student, job.Spec.Training, totalSteps, sized, () => job.UsePrecision(student), rounding, ranks);
        }

        job.UsePrecision(student); // its trained weights stay in full precision
        return LinearisedStages.Of(linearised, job.Spec.Training, job.Spec.Seed, totalSteps, sized, rounding, ranks);
    }
}
