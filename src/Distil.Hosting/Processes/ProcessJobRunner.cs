using Distil.Core.Artifacts.Kinds;
using System.Collections.Concurrent;
using System.Diagnostics;
using Distil.Core.Jobs;

namespace Distil.Hosting.Processes;

/// <summary>Runs jobs in child processes that stay alive between jobs: starting torch must not dominate a small run.</summary>
/// <param name="command">Creates the command that starts a worker, including its environment.</param>
/// <param name="parallelism">Maximum number of workers at once, ≥ 1; further jobs wait for one.</param>
/// <param name="pollPatience">Time that a poll waits for the job's end; null for half a second.</param>
/// <remarks>
/// Only this object knows its handles: after a restart every job is <see cref="JobState.Unknown"/>, and so is one that ended before the latest
/// <see cref="MaxEnded"/>.
/// </remarks>
public sealed class ProcessJobRunner(Func<ProcessStartInfo> command, int parallelism, TimeSpan? pollPatience = null) : IJobRunner, IAsyncDisposable
{
    /// <summary>Number of ended jobs that are remembered; they are polled within seconds.</summary>
    internal const int MaxEnded = 1000;

    /// <summary>Time that a job's process has to save its work after it is asked to stop. A cancelled run should end within ten seconds in all.</summary>
    internal static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);

    /// <summary>The same time if this host ends: those jobs are resumed later, from what they save now.</summary>
    internal static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(10);

    /// <summary>Time that a poll waits for the job's end: a job that ends meanwhile is noticed at once, and one that goes on costs few polls, each of which asks
    /// storage and writes to the journal.</summary>
    internal static readonly TimeSpan PollPatience = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, RunningJob> _jobs = new();
    private readonly ConcurrentQueue<string> _ended = new();
    private readonly ConcurrentBag<WarmWorker> _idle = [];
    private readonly SemaphoreSlim _places = new(parallelism);
    private readonly Lock _starting = new();
    private readonly string _life = Guid.NewGuid().ToString("N")[..8];
    private int _started;

    /// <summary>Raised if a worker ended in the middle of a job, with the job's request and the end of the worker's output.</summary>
    public event Action<Uri, string>? Crashed;

    /// <inheritdoc />
    public Task<string> StartAsync(JobKind kind, Uri request, bool isFirst, CancellationToken cancel)
    {
        lock (_starting)
        {
            var running = _jobs.FirstOrDefault(job =>
                job.Value.Request == request && job.Value is { Work.IsCompleted: false, Stopped.IsCancellationRequested: false });
            return Task.FromResult(running.Key ?? Start(request));
        }
    }

    /// <inheritdoc />
    public async Task<JobState> PollAsync(string handle, CancellationToken cancel)
    {
        if (!_jobs.TryGetValue(handle, out var job))
        {
            return JobState.Unknown;
        }

        try
        {
            await job.Work.WaitAsync(pollPatience ?? PollPatience, cancel);
            return JobState.Ended;
        }
        catch (TimeoutException) when (!job.Work.IsFaulted)
        {
            return job.Work.IsCompleted ? JobState.Ended : JobState.Running;
        }
    }

    /// <inheritdoc />
    public async Task StopAsync(string handle, CancellationToken cancel)
    {
        if (!_jobs.TryGetValue(handle, out var job))
        {
            return;
        }

        await job.StopAsync(StopPatience);
        await job.Work.WaitAsync(cancel);
    }

    /// <summary>Stops every job and worker.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_jobs.Values.Select(job => job.StopAsync(EndPatience)));
        await Task.WhenAll(_jobs.Values.Select(job => job.Work)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (_idle.TryTake(out var worker))
        {
            await worker.DisposeAsync();
        }

        _places.Dispose();
    }

    private string Start(Uri request)
    {
        var handle = $"process-{_life}-{++_started}";
        var job = new RunningJob(request);
        _jobs[handle] = job;
        job.Work = RunAsync(job);
        _ = job.Work.ContinueWith(_ => ForgetBefore(handle), TaskScheduler.Default);
        return handle;
    }

    private void ForgetBefore(string handle)
    {
        _ended.Enqueue(handle);
        while (_ended.Count > MaxEnded && _ended.TryDequeue(out var oldest))
        {
            _jobs.TryRemove(oldest, out _);
        }
    }

    private async Task RunAsync(RunningJob job)
    {
        try
        {
            await _places.WaitAsync(job.Stopped);
        }
        catch (OperationCanceledException)
        {
            return; // it was still waiting for a worker, and needs none
        }

        try
        {
            var worker = IdleOrNew();
            if (!job.TryGive(worker))
            {
                _idle.Add(worker);
                return;
            }

            var said = await worker.DoAsync(job.Request);
            job.Take();
            if (worker.IsAlive)
            {
                _idle.Add(worker);
                return;
            }

            await worker.DisposeAsync();
            if (!said && !job.Stopped.IsCancellationRequested)
            {
                Crashed?.Invoke(job.Request, worker.Tail);
            }
        }
        finally
        {
            _places.Release();
        }
    }

    private WarmWorker IdleOrNew()
    {
        while (_idle.TryTake(out var worker))
        {
            if (worker.IsAlive)
            {
                return worker;
            }
        }

        return WarmWorker.Start(command());
    }
}
