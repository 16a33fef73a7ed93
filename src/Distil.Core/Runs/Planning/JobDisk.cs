using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Planning;

/// <summary>What a plan says about the disk of the machines that run jobs.</summary>
internal static class JobDisk
{
    /// <summary>Refuses a run whose training job must have more on its disk at once than the disk holds.</summary>
    /// <param name="spec">The specification.</param>
    /// <param name="plan">Its plan.</param>
    /// <param name="bytes">Bytes of the disk; null if they are not known.</param>
    /// <exception cref="InvalidInputException">It needs more.</exception>
    internal static void Require(RunSpec spec, RunPlan plan, long? bytes)
    {
        var (beside, shards) = (SpaceNeeded.BesideShards(plan.TeacherLocation, SpaceNeeded.Checkpoint(plan)), SpaceNeeded.ShardsOfTraining(plan));
        if (bytes is not { } there || beside + shards <= there)
        {
            return;
        }

        var (variable, fits) = (Settings.SourceSettings.JobDiskVariable, (long)((there - beside) / SpaceNeeded.BytesPerToken(plan) / SpaceNeeded.ShardsAtOnce));
        throw new InvalidInputException(fits < spec.Dataset.ContextLength
            ? FieldError.Of(SpecPaths.Teacher, $"the run needs {Gigabytes(beside)} of a training job's disk for the teacher's files, two checkpoints and the job's own, and "
                + $"one row; the jobs' machine has room for {Gigabytes(there)} ({variable})")
            : FieldError.Of(FieldPath.Parse("dataset.shardTokens"), FormattableString.Invariant($"is {spec.Dataset.ShardTokens}; expected at most {fits}: ")
                + $"a training job has {SpaceNeeded.ShardsAtOnce} shards with the teacher's outputs on its disk at once ({Gigabytes(shards)}), beside the teacher's files, two checkpoints "
                + $"and its own ({Gigabytes(beside)}), and the jobs' machine has room for {Gigabytes(there)} ({variable}); a token needs less with teacher.mode online, "
                + "a smaller teacher.keep.maxTokens" + (spec.StoresHiddenStates ? ", teacher.keep.hiddenForm int4, or distillation.alignment.kind none, which stores no hidden states" : "")));
    }

    private static string Gigabytes(long bytes) => FormattableString.Invariant($"{bytes / 1e9:0.00} GB");
}
