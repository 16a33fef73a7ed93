using System.Collections.Concurrent;
using System.Diagnostics;
using Distil.Core.Jobs;

namespace Distil.Hosting.Processes;

/// <summary>Runs jobs in child processes that stay warm: starting torch must not dominate a small run.</summary>
/// <param name="command">Makes the command that starts a worker, its environment included.</param>
/// <param name="parallelism">Most workers at once, ≥ 1; further jobs wait for one.</param>
/// <remarks>
/// Handles are known to this object only, and no other makes the same: after a restart every job is <see cref="JobState.Unknown"/>, and so is one that ended
/// before the latest <see cref="MostEnded"/>.
/// </remarks>
public sealed class ProcessJobRunner(Func<ProcessStartInfo> command, int parallelism) : IJobRunner, IAsyncDisposable
{
    /// <summary>Jobs that have ended and are still known: whoever asks after one does so within seconds.</summary>
    internal const int MostEnded = 1000;

    /// <summary>What a job's process has to save what it can, once it is asked to stop. A cancelled run is to be at its end within ten seconds, all told.</summary>
    internal static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);

    /// <summary>The same where this host ends: those jobs go on later, from what they save now.</summary>
    internal static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, RunningJob> jobs = new();
    private readonly ConcurrentQueue<string> ended = new();
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
        _ = job.Work.ContinueWith(_ => ForgetBefore(handle), TaskScheduler.Default);
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

        await job.StopAsync(StopPatience);
        await job.Work.WaitAsync(cancel);
    }

    /// <summary>Stops every job and worker.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(jobs.Values.Select(job => job.StopAsync(EndPatience)));
        await Task.WhenAll(jobs.Values.Select(job => job.Work)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (idle.TryTake(out var worker))
            await worker.DisposeAsync();

        places.Dispose();
    }

    private void ForgetBefore(string handle)
    {
        ended.Enqueue(handle);
        while (ended.Count > MostEnded && ended.TryDequeue(out var oldest))
            jobs.TryRemove(oldest, out _);
    }

    private async Task RunAsync(RunningJob job)
    {
        try
        {
            await places.WaitAsync(job.Stopped);
        }
        catch (OperationCanceledException)
        {
            return; // it had no turn yet, and needs none
        }

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
            if (!said && !job.Stopped.IsCancellationRequested)
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
        private readonly CancellationTokenSource stopped = new();
        private WarmWorker? worker;

        public Uri Request => request;

        public Task Work { get; set; } = Task.CompletedTask;

        /// <value>Set when it is not wanted any more.</value>
        public CancellationToken Stopped => stopped.Token;

        /// <summary>Records who does it; false where it was stopped before.</summary>
        public bool TryGive(WarmWorker to)
        {
            lock (gate)
            {
                worker = Stopped.IsCancellationRequested ? null : to;
                return worker is not null;
            }
        }

        public void Take()
        {
            lock (gate)
                worker = null;
        }

        /// <summary>Ends it: at once where it waits for a worker, else when its worker has ended.</summary>
        public async Task StopAsync(TimeSpan patience)
        {
            Task stopping;
            lock (gate)
            {
                stopped.Cancel();
                stopping = worker?.StopAsync(patience) ?? Task.CompletedTask;
            }

            await stopping;
        }
    }
}
