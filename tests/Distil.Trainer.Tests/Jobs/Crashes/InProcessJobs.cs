using System.Collections.Concurrent;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Trainer.Jobs;

namespace Distil.Trainer.Tests.Jobs.Crashes;

/// <summary>Runs jobs in this process, one task a job.</summary>
internal sealed class InProcessJobs(JobProgram program, ArtifactStore store) : IJobRunner
{
    private readonly ConcurrentDictionary<string, Task> _jobs = new();

    /// <inheritdoc />
    public Task<string> StartAsync(JobKind kind, Uri request, bool isFirst, CancellationToken cancel)
    {
        var blob = Uri.UnescapeDataString(request.AbsolutePath[(store.Uri.AbsolutePath.Length + 1)..]);
        var handle = $"{blob} {Guid.NewGuid():n}";
        _jobs[handle] = Task.Run(() => program.RunAsync(store, blob, CancellationToken.None), CancellationToken.None);
        return Task.FromResult(handle);
    }

    /// <inheritdoc />
    public Task<JobState> PollAsync(string handle, CancellationToken cancel) =>
        Task.FromResult(!_jobs.TryGetValue(handle, out var job) ? JobState.Unknown : job.IsCompleted ? JobState.Ended : JobState.Running);

    /// <inheritdoc />
    public Task StopAsync(string handle, CancellationToken cancel) => throw new NotSupportedException("no run here is cancelled");
}
