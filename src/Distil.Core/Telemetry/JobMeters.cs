using System.Diagnostics;
using System.Diagnostics.Metrics;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;

namespace Distil.Core.Telemetry;

/// <summary>The metrics of jobs. A prepare or teach job is a shard; a train or evaluate job is an epoch.</summary>
public static class JobMeters
{
    // Jobs last from a second to a day.
    private static readonly InstrumentAdvice<double> Buckets = new()
    {
        HistogramBucketBoundaries = [1, 5, 15, 60, 300, 900, 3600, 3 * 3600, 12 * 3600, 24 * 3600],
    };

    private static readonly Histogram<double> Durations = DistilTelemetry.Meter.CreateHistogram(
        "distil.job.duration", "s", "From a job's start to its result: of a shard (prepare, teach) or an epoch (train, evaluate).", advice: Buckets);

    private static readonly Histogram<double> Waits = DistilTelemetry.Meter.CreateHistogram(
        "distil.job.queue_wait", "s", "From a job's request to its start: queue, image and machine.", advice: Buckets);

    private static readonly Counter<long> Retries = DistilTelemetry.Meter.CreateCounter<long>("distil.job.retries", "{retry}", "Jobs that were tried again.");

    private static readonly Gauge<double> Rates = DistilTelemetry.Meter.CreateGauge<double>(
        "distil.job.token_rate", "{token}/s", "Tokens a second since the stage began.");

    private static readonly Gauge<double> Losses = DistilTelemetry.Meter.CreateGauge<double>("distil.training.loss", "nat", "Latest training loss.");

    private static readonly Gauge<long> DeviceMemory = DistilTelemetry.Meter.CreateGauge<long>(
        "distil.device.memory", "By", "Memory in use of the GPU of a job, by all processes on it.");

    private static readonly Gauge<double> DeviceBusy = DistilTelemetry.Meter.CreateGauge<double>(
        "distil.device.busy", "1", "Share of the time in which the GPU of a job computed.");

    /// <summary>Records that a job ended.</summary>
    /// <param name="job">The job.</param>
    /// <param name="result">Its result.</param>
    public static void Ended(JobRequest job, JobResult result) =>
        Durations.Record(
            (result.EndedAt - result.StartedAt).TotalSeconds, new TagList { { JobTags.Kind, DistilJson.Word(job.Kind) }, { JobTags.Outcome, OutcomeOf(result) } });

    /// <summary>Records that a job started.</summary>
    /// <param name="job">The job; without <see cref="JobRequest.RequestedAt"/> nothing is recorded.</param>
    /// <param name="at">The time of its start.</param>
    public static void Started(JobRequest job, DateTimeOffset at)
    {
        // The times come from two machines' clocks: a start slightly before the request counts as no wait.
        if (job.RequestedAt is { } requested)
        {
            Waits.Record(Math.Max(0, (at - requested).TotalSeconds), new TagList { { JobTags.Kind, DistilJson.Word(job.Kind) } });
        }
    }

    /// <summary>Records that a job is retried.</summary>
    public static void Retried(JobKind kind) => Retries.Add(1, new TagList { { JobTags.Kind, DistilJson.Word(kind) } });

    /// <summary>Records a job's progress.</summary>
    public static void Progressed(JobRequest job, JobProgress progress)
    {
        var tags = new TagList { { JobTags.Run, job.RunId }, { JobTags.Kind, DistilJson.Word(job.Kind) } };
        if (progress.TokensPerSecond is { } rate)
        {
            Rates.Record(rate, tags);
        }
        if (progress.Loss is { } loss)
        {
            Losses.Record(loss, tags);
        }
    }

    /// <summary>Records the use of a job's device; nothing if it is null.</summary>
    public static void Measured(JobRequest job, DeviceUse? device)
    {
        var tags = new TagList { { JobTags.Run, job.RunId }, { JobTags.Kind, DistilJson.Word(job.Kind) } };
        if (device is not null)
        {
            DeviceMemory.Record(device.UsedBytes, tags);
        }
        if (device?.BusyShare is { } share)
        {
            DeviceBusy.Record(share, tags);
        }
    }

    /// <summary>The value of <see cref="JobTags.Outcome"/>.</summary>
    public static string OutcomeOf(JobResult result) => result.Failure is { } failure ? DistilJson.Word(failure.Class) : "succeeded";
}
