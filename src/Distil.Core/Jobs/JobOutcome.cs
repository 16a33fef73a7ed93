using Distil.Core.Artifacts.Kinds;

namespace Distil.Core.Jobs;

/// <summary>How a job ended, after all its tries.</summary>
/// <param name="End">Whether it was done.</param>
/// <param name="Tries">Times that the job was started, ≥ 1; a restart after a lost job does not count.</param>
/// <param name="LastFailure">The latest failure, also one that was tried again; null if there was none.</param>
/// <param name="Part">The part that it makes; of a range that did not succeed, the part that ended it.</param>
/// <param name="Missing">The inputs that it needs and that must be rebuilt first; null unless that is why it failed.</param>
public sealed record JobOutcome(JobEnd End, int Tries, JobFailure? LastFailure = null, int Part = 0, IReadOnlyList<MissingInput>? Missing = null);

/// <summary>How a job can end.</summary>
public enum JobEnd
{
    /// <summary>Done.</summary>
    Succeeded,

    /// <summary>Failed for good, or until its missing inputs are rebuilt.</summary>
    Failed,

    /// <summary>Stopped, because the run is cancelled.</summary>
    Cancelled,
}
