using Distil.Core.Artifacts.Kinds;

namespace Distil.Core.Telemetry;

/// <summary>The tags of a job's spans and metrics.</summary>
public static class JobTags
{
    /// <summary>The run's id.</summary>
    public const string Run = "distil.run.id";

    /// <summary>The job's id at this try.</summary>
    public const string Job = "distil.job.id";

    /// <summary>The kind of job, a <see cref="JobKind"/>.</summary>
    public const string Kind = "distil.job.kind";

    /// <summary><c>succeeded</c>, or the class of its failure.</summary>
    public const string Outcome = "distil.job.outcome";
}
