using Distil.Core.Jobs;
using Distil.Core.Specification;
using Distil.Core.Telemetry;
using Distil.Core.Tests.Pipeline;

namespace Distil.Core.Tests.Telemetry;

public sealed class JobMetersTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly JobRequest Job = new()
    {
        RunId = "metered", JobId = "train-001", Makes = Plans.Artifacts("metered").Weights(StudentVariant.Distilled, 0), RequestedAt = Noon,
        Definition = new string('0', 64),
    };

    [Fact]
    public void Durations_waits_rates_and_losses_are_told_by_kind_and_outcome()
    {
        using var listening = new Listening();
        JobMeters.Started(Job, Noon.AddSeconds(90));
        JobMeters.Started(Job, Noon.AddSeconds(-1));
        JobMeters.Progressed(Job, new JobProgress { Stage = "train", Done = 1, Total = 2, Unit = "steps", TokensPerSecond = 1234.5, Loss = 2.25, At = Noon });
        JobMeters.Ended(Job, new JobResult { StartedAt = Noon, EndedAt = Noon.AddSeconds(61.25) });
        JobMeters.Ended(Job, new JobResult { Failure = new JobFailure(FailureClass.OutOfMemory, "…"), StartedAt = Noon, EndedAt = Noon.AddSeconds(7.125) });

        Assert.Contains(listening.Measurements, one => one is { Instrument: "distil.job.queue_wait", Value: 90 });
        Assert.DoesNotContain(listening.Measurements, one => one.Value < 0);
        Assert.Contains(listening.Measurements, one => one is { Instrument: "distil.job.token_rate", Value: 1234.5 } && Equals(one[JobTags.Run], "metered"));
        Assert.Contains(listening.Measurements, one => one is { Instrument: "distil.training.loss", Value: 2.25 } && Equals(one[JobTags.Run], "metered"));
        Assert.Contains(listening.Measurements, one => one is { Instrument: "distil.job.duration", Value: 61.25 } && Equals(one[JobTags.Outcome], "succeeded"));
        Assert.Contains(
            listening.Measurements, one => one is { Instrument: "distil.job.duration", Value: 7.125 } && Equals(one[JobTags.Outcome], "outOfMemory"));
    }

    [Fact]
    public void The_use_of_a_device_is_told_if_it_is_known()
    {
        using var listening = new Listening();
        JobMeters.Measured(Job, null);
        JobMeters.Measured(Job, new DeviceUse { UsedBytes = 11, PeakBytes = 13, TotalBytes = 17, BusyShare = 0.375 });

        Assert.Contains(listening.Measurements, one => one is { Instrument: "distil.device.memory", Value: 11 } && Equals(one[JobTags.Run], "metered"));
        Assert.Contains(listening.Measurements, one => one is { Instrument: "distil.device.busy", Value: 0.375 } && Equals(one[JobTags.Run], "metered"));
    }
}
