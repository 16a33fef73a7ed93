using Azure;
using Distil.Core.Artifacts;
using Distil.Core.Documents;
using Distil.Core.Jobs;
using Distil.Core.Telemetry;
using Distil.Trainer.Torch;
using Microsoft.Extensions.Logging;

namespace Distil.Trainer.Jobs;

/// <summary>Writes <c>progress.json</c> every few seconds with the latest that the job reported.</summary>
internal sealed class ProgressReporter : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    private readonly ArtifactStore _store;
    private readonly JobRequest _job;
    private readonly string _blob;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _writing;
    private long _began;
    private JobProgress? _latest;
    private IReadOnlyList<OperationForm>? _operations;
    private DeviceMeter? _device;

    /// <param name="store">The run's storage.</param>
    /// <param name="job">The job.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Receives messages for people.</param>
    public ProgressReporter(ArtifactStore store, JobRequest job, TimeProvider time, ILogger log)
    {
        (_store, _job, _time, _log, _began) = (store, job, time, log, time.GetTimestamp());
        _blob = ArtifactLayout.JobProgress(job.RunId, job.JobId);
        _writing = WriteAsync();
    }

    /// <summary>Starts measuring a stage's time; call it when start-up is over.</summary>
    public void Begin() => _began = _time.GetTimestamp();

    /// <summary>Adds the use of the job's device to all later reports.</summary>
    public void Watch(DeviceMeter device) => _device = device;

    /// <summary>Adds the operations of the job's models to all later reports, and warns of each for which a kernel exists that cannot be used.</summary>
    public void Uses(IReadOnlyList<OperationForm> operations)
    {
        _operations = operations;
        foreach (var fallback in operations.Where(operation => operation.UnavailableReason is not null))
        {
            _log.PlainOperation(fallback.Operation, fallback.UnavailableReason!);
        }
    }

    /// <summary>Says how far the job is. Cheap: nothing is written here.</summary>
    /// <param name="stage">What is being done, in a word or two.</param>
    /// <param name="done">Work done.</param>
    /// <param name="total">All of the work; 0 if unknown.</param>
    /// <param name="unit">What is counted.</param>
    /// <param name="tokens">Tokens processed since <see cref="Begin"/>; null if they are not counted.</param>
    /// <param name="doneBefore">Work that was done before <see cref="Begin"/>, by an earlier try.</param>
    /// <param name="loss">Latest training loss.</param>
    public void Report(string stage, long done, long total, string unit, long? tokens = null, long doneBefore = 0, double? loss = null)
    {
        var (now, seconds) = (_time.GetUtcNow(), _time.GetElapsedTime(_began).TotalSeconds);
        var (here, left) = (done - doneBefore, total - done);
        _latest = new JobProgress
        {
            Stage = stage,
            Done = done,
            Total = total,
            Unit = unit,
            TokensPerSecond = tokens > 0 && seconds > 0 ? tokens / seconds : null,
            Operations = _operations,
            Loss = loss is { } value && double.IsFinite(value) ? value : null,
            ExpectedEnd = here > 0 && left >= 0 && total > 0 ? now.AddSeconds(seconds / here * left) : null,
            At = now,
        };
        JobMeters.Progressed(_job, _latest);
    }

    /// <summary>Writes the latest a last time.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _writing;
        _end.Dispose();
    }

    private async Task WriteAsync()
    {
        JobProgress? written = null;
        using var timer = new PeriodicTimer(Interval, _time);
        for (var ended = false; !ended;)
        {
            ended = !await TickAsync(timer);
            if (_latest is not { } latest || latest == written)
            {
                continue;
            }

            var device = _device?.Read();
            JobMeters.Measured(_job, device);
            try
            {
                await _store.WriteJsonAsync(_blob, latest with { MemoryBytes = Environment.WorkingSet, Device = device });
                written = latest;
            }
            catch (RequestFailedException error)
            {
                // Progress is for people: a job continues without it, and ends with its result.
                _log.ProgressWasNotStored(_blob, error.Message);
            }
        }
    }

    private async Task<bool> TickAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(_end.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
