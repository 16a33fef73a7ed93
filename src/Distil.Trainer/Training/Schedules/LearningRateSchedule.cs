namespace Distil.Trainer.Training.Schedules;

/// <summary>Linear warm-up, then half a cosine down to zero (the paper's, method.md §3), or to a share of the peak.</summary>
/// <remarks>
/// A pure function of the optimiser step. Step i of w warm-up steps uses (i + 1) / w of the peak: unlike with Hugging Face's i / w, the first step learns.
/// </remarks>
/// <param name="peak">Learning rate at the end of the warm-up, &gt; 0.</param>
/// <param name="warmupSteps">Steps of warm-up, ≥ 0.</param>
/// <param name="totalSteps">Optimiser steps of the whole training, ≥ 1.</param>
/// <param name="end">Share of the peak at which the cosine ends, 0–1.</param>
public sealed class LearningRateSchedule(double peak, long warmupSteps, long totalSteps, double end = 0)
{
    /// <summary>The learning rate of a step.</summary>
    /// <param name="step">Optimiser step of the whole training, from 0.</param>
    public double At(long step)
    {
        if (step < warmupSteps)
        {
            return peak * (step + 1) / warmupSteps;
        }

        var progress = Math.Min(1.0, (step - warmupSteps) / (double)Math.Max(1, totalSteps - warmupSteps));
        var cosine = 0.5 * (1 + Math.Cos(Math.PI * progress));
        return end == 0 ? peak * cosine : peak * (end + ((1 - end) * cosine));
    }

    /// <summary>Creates a schedule whose warm-up is a share of all steps, rounded down.</summary>
    /// <param name="peak">Learning rate at the end of the warm-up, &gt; 0.</param>
    /// <param name="warmupRatio">Share of all steps in the warm-up, 0–1.</param>
    /// <param name="totalSteps">Optimiser steps of the whole training, ≥ 1.</param>
    /// <param name="end">Share of the peak at which the cosine ends, 0–1.</param>
    public static LearningRateSchedule WithRatio(double peak, double warmupRatio, long totalSteps, double end = 0) =>
        new(peak, (long)Math.Floor(warmupRatio * totalSteps), totalSteps, end);
}
