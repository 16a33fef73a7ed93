using System.Collections.Concurrent;
using System.Diagnostics;
using Distil.Core.Jobs;

namespace Distil.Hosting.Processes;

/// <summary>Runs jobs in child processes that stay warm: starting torch must not dominate a small run.</summary>
/// <param name="command">Makes the command that starts a worker, its environment included.</param>
/// <param name="parallelism">Most workers at once, ≥ 1; further jobs wait for one.</param>
/// <remarks>Handles are known to this object only, and no other makes the same: after a restart every job is <see cref="JobState.Unknown"/>.</remarks>
public sealed class ProcessJobRunner(Func<ProcessStartInfo> command, int parallelism) : IJobRunner, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, RunningJob> jobs = new();
    private readonly ConcurrentBag<WarmWorker> idle = [];
    private readonly SemaphoreSlim places = new(parallelism);
    private readonly string life = Guid.NewGuid().ToString("N")[..8];
    private int started;

    /// <summary>Told when a worker ended in the middle of a job: the job's request and the end of what the worker said.</summary>
    public event Action<Uri, string>? Crashed;

    /// <inheritdoc />
    public Task<string> StartAsync(Uri request, CancellationToken cancel)
    {
        var handle = $"process-{life}-{Interlocked.Increment(ref started)}";
        var job = new RunningJob(request);
        jobs[handle] = job;
        job.Work = RunAsync(job);
        return Task.FromResult(handle);
    }

    /// <inheritdoc />
    public Task<JobState> PollAsync(string handle, CancellationToken cancel)
    {
        if (!jobs.TryGetValue(handle, out var job))
            return Task.FromResult(JobState.Unknown);

        if (job.Work.IsFaulted)
            return Task.FromException<JobState>(job.Work.Exception!.GetBaseException());

        return Task.FromResult(job.Work.IsCompleted ? JobState.Ended : JobState.Running);
    }

    /// <inheritdoc />
    public async Task StopAsync(string handle, CancellationToken cancel)
    {
        if (!jobs.TryGetValue(handle, out var job))
            return;

        await job.StopAsync();
        await job.Work.WaitAsync(cancel);
    }

    /// <summary>Stops every job and worker.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var job in jobs.Values)
            await job.StopAsync();

        await Task.WhenAll(jobs.Values.Select(job => job.Work)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (idle.TryTake(out var worker))
            await worker.DisposeAsync();

        places.Dispose();
    }

    private async Task RunAsync(RunningJob job)
    {
        await places.WaitAsync();
        try
        {
            var worker = IdleOrNew();
            if (!job.TryGive(worker))
            {
                idle.Add(worker);
                return;
            }

            var said = await worker.DoAsync(job.Request);
            job.Take();
            if (worker.IsAlive)
            {
                idle.Add(worker);
                return;
            }

            await worker.DisposeAsync();
            if (!said && !job.IsStopped)
                Crashed?.Invoke(job.Request, worker.Tail);
        }
        finally
        {
            places.Release();
        }
    }

    private WarmWorker IdleOrNew()
    {
        while (idle.TryTake(out var worker))
        {
            if (worker.IsAlive)
                return worker;
        }

        return WarmWorker.Start(command());
    }

    private sealed class RunningJob(Uri request)
    {
        private readonly Lock gate = new();
        private WarmWorker? worker;

        public Uri Request => request;

        public Task Work { get; set; } = Task.CompletedTask;

        public bool IsStopped { get; private set; }

        /// <summary>Records who does it; false where it was stopped before.</summary>
        public bool TryGive(WarmWorker to)
        {
            lock (gate)
            {
                worker = IsStopped ? null : to;
                return !IsStopped;
            }
        }

        public void Take()
        {
            lock (gate)
                worker = null;
        }

        public Task StopAsync()
        {
            lock (gate)
            {
                IsStopped = true;
                return worker?.StopAsync() ?? Task.CompletedTask;
            }
        }
    }
}
