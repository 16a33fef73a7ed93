namespace Distil.Hosting.Processes;

/// <summary>A job of <see cref="ProcessJobRunner"/>, and the worker that runs it.</summary>
/// <param name="request">URI of its request.</param>
internal sealed class RunningJob(Uri request)
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopped = new();
    private WarmWorker? _worker;

    /// <value>URI of its request.</value>
    internal Uri Request => request;

    /// <value>Completes when it has ended.</value>
    internal Task Work { get; set; } = Task.CompletedTask;

    /// <value>Cancelled if the job is no longer wanted.</value>
    internal CancellationToken Stopped => _stopped.Token;

    /// <summary>Records the worker that runs it; false if it was stopped before.</summary>
    internal bool TryGive(WarmWorker to)
    {
        lock (_gate)
        {
            _worker = Stopped.IsCancellationRequested ? null : to;
            return _worker is not null;
        }
    }

    /// <summary>Records that its worker has ended or is free.</summary>
    internal void Take()
    {
        lock (_gate)
        {
            _worker = null;
        }
    }

    /// <summary>Ends it: at once if it waits for a worker, otherwise when its worker has ended.</summary>
    internal async Task StopAsync(TimeSpan patience)
    {
        Task stopping;
        lock (_gate)
        {
            _stopped.Cancel();
            stopping = _worker?.StopAsync(patience) ?? Task.CompletedTask;
        }

        await stopping;
    }
}
