using System.Diagnostics;
using Distil.Core;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Telemetry;

namespace Distil.Trainer.Jobs;

/// <summary>The span of a job, a child of the span of its start in another process.</summary>
internal static class JobSpan
{
    /// <summary>Starts the span; null if nobody listens.</summary>
    public static Activity? Start(JobRequest job)
    {
        var span = DistilTelemetry.Source.StartActivity(DistilJson.Word(job.Kind), ActivityKind.Consumer, RunTrace.Read(job.TraceParent) ?? default);
        return span?.SetTag(JobTags.Run, job.RunId).SetTag(JobTags.Job, job.JobId).SetTag(JobTags.Kind, DistilJson.Word(job.Kind))
            .SetTag("distil.job.shard", job.Makes is SharedArtifact ? job.Part : null).SetTag("distil.job.epoch", job.Makes.StageEpoch);
    }

    /// <summary>Records how the job ended. Only the failure's class is recorded, because a message may quote the user's data.</summary>
    public static void End(this Activity span, JobResult result) =>
        span.SetTag(JobTags.Outcome, JobMeters.OutcomeOf(result)).SetStatus(result.Succeeded ? ActivityStatusCode.Ok : ActivityStatusCode.Error);
}
