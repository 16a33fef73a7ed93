using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents;

namespace Distil.Core.Jobs;

/// <summary>The outcome of a job, after all its tries.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Tries">Number of starts, ≥ 1; a restart after a lost job does not count.</param>
/// <param name="LastFailure">The latest failure, even if the job was retried after it; null if there was none.</param>
/// <param name="Part">The part that it makes; for a range that did not succeed, the part that ended it.</param>
/// <param name="Missing">The inputs that must be rebuilt first; null unless the job failed because they are missing.</param>
/// <param name="Notes">What the run's user should know although the job succeeded; null for nothing.</param>
/// <param name="Perplexity">The run's result; null unless the job ends the run.</param>
public sealed record JobOutcome(
    JobEnd End, int Tries, JobFailure? LastFailure = null, int Part = 0, IReadOnlyList<MissingInput>? Missing = null, IReadOnlyList<string>? Notes = null,
    FinalPerplexity? Perplexity = null);

/// <summary>The ways in which a job can end.</summary>
public enum JobEnd
{
    /// <summary>The job succeeded.</summary>
    Succeeded,

    /// <summary>The job failed permanently, or until its missing inputs are rebuilt.</summary>
    Failed,

    /// <summary>The job was stopped, because the run is cancelled.</summary>
    Cancelled,
}
