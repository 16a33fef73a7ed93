using System.Globalization;
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
    /// <remarks>A training job reads the rows and the teacher's outputs of the whole epoch from copies on its disk, and writes a checkpoint beside them.</remarks>
    /// <exception cref="InvalidInputException">It needs more.</exception>
    internal static void Require(RunSpec spec, RunPlan plan, long? bytes)
    {
        var needed = SpaceNeeded.OfRun(plan).Cache;
        if (bytes is not { } there || needed <= there)
        {
            return;
        }

        var given = spec.Dataset.MaxTokens?.ToString(CultureInfo.InvariantCulture) ?? "not set";
        var (rows, outputs) = (plan.DatasetBytes.Value, plan.TeacherOutputsBytes.Value);
        throw new InvalidInputException(FieldError.Of(
            FieldPath.Parse("dataset.maxTokens"),
            $"is {given}; expected fewer tokens: a training job has up to {Gigabytes(needed)} on its disk at once (rows {Gigabytes(rows)}, teacher outputs "
            + $"{Gigabytes(outputs)}, a checkpoint {Gigabytes(needed - rows - outputs)}), and the jobs' machine has room for {Gigabytes(there)} "
            + $"({Settings.HostSettings.JobDiskVariable}); a token needs less with teacher.mode online, a smaller teacher.keep.maxTokens"
            + (spec.StoresHiddenStates ? ", teacher.keep.hiddenForm int4, or distillation.alignment.kind none, which stores no hidden states" : "")));
    }

    private static string Gigabytes(long bytes) => FormattableString.Invariant($"{bytes / 1e9:0.00} GB");
}
