using System.Globalization;
using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Planning;

/// <summary>What a plan says about jobs on several GPUs.</summary>
internal static class SeveralGpus
{
    /// <summary>Refuses GPUs that are not there.</summary>
    /// <param name="asked"><c>compute.gpusPerWorker</c>.</param>
    /// <param name="count">Counts the GPUs of a machine that runs jobs; null if that is not known.</param>
    /// <exception cref="InvalidInputException">It has fewer.</exception>
    internal static void Require(int asked, Func<int>? count)
    {
        if (asked > 1 && count?.Invoke() is { } found && found < asked)
        {
            throw new InvalidInputException(FieldError.Of(
                FieldPath.Parse("compute.gpusPerWorker"), $"is {asked}; expected at most {Math.Max(1, found)}, because the jobs' machine has {found} CUDA GPUs"));
        }
    }

    /// <summary>AdamW's two moments of a weight.</summary>
    private const int MomentBytes = 8;

    /// <summary>What a step with a micro-batch for each GPU costs, a step that leaves GPUs without work, and the memory that a divided optimiser saves.</summary>
    /// <remarks>docs/scale.md, "Several GPUs", says what was measured.</remarks>
    internal static IEnumerable<string> Warnings(RunSpec spec, long stepsPerEpoch, long trainable)
    {
        var (gpus, parts) = (spec.Compute.GpusPerWorker, spec.Training.GradientAccumulation);
        if (gpus == 1 || spec.Merge is not null)
        {
            yield break;
        }

        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"compute.gpusPerWorker {gpus}: a step has {parts} micro-batches, so an epoch has {stepsPerEpoch} steps, and {stepsPerEpoch * parts} with one micro-batch a step; ")
            + "fewer steps learn less from the same text, and a higher training.learningRate recovers a part of it (docs/scale.md)";
        if (parts % gpus != 0)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"training.gradientAccumulation {parts} is no multiple of compute.gpusPerWorker {gpus}: in each step some GPUs wait for the others' last micro-batch");
        }

        if (trainable >= spec.Compute.ShardOptimizerFrom)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"compute.shardOptimizerFrom {spec.Compute.ShardOptimizerFrom}: the GPUs divide the optimiser's moments of {trainable} weights; each saves some {trainable * MomentBytes * (1 - 1.0 / gpus) / 1e9:0.0} GB of its memory, and a job that is asked to stop goes on for up to 16 steps");
        }
    }
}
