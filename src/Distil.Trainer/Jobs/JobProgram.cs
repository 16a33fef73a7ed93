using System.Text.Json;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Leases;
using Distil.Core.Jobs;
using Distil.Core.Runs;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Telemetry;
using Distil.Trainer.Torch;
using Microsoft.Extensions.Logging;

namespace Distil.Trainer.Jobs;

/// <summary>Does jobs: reads a request, does what it says, writes the result. A result that exists is final.</summary>
/// <param name="cache">Artifacts on this machine.</param>
/// <param name="sources">How texts, models and artifacts are read.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Receives what happens in jobs, for people.</param>
internal sealed class JobProgram(ArtifactCache cache, SourceSettings sources, TimeProvider time, ILogger log) : IDisposable
{
    private readonly WarmTeacher _teacher = new();
    private readonly SourceCatalog _catalog = SourceCatalog.Create(sources, time, log);

    /// <summary>Does one job.</summary>
    /// <param name="request">URI of its <c>request.json</c>.</param>
    /// <param name="stop">Set when the process or machine is taken away: the job saves a checkpoint and ends as preempted.</param>
    /// <param name="abandoned">
    /// Set where whoever asked is gone. The job is stopped too, but writes down no failure: the next one to ask starts it again, and must not find that it failed.
    /// </param>
    /// <returns>The job's result, now or from an earlier life.</returns>
    /// <exception cref="ArtifactException">There is no readable request: then there is no job, and no place for a result.</exception>
    /// <exception cref="LeaseLostException">Another process does the job now.</exception>
    public Task<JobResult> RunAsync(Uri request, CancellationToken stop, CancellationToken abandoned = default)
    {
        var (store, blob) = ArtifactStore.OpenFor(request, sources.ConnectionString);
        return RunAsync(store, blob, stop, abandoned);
    }

    /// <summary>As <see cref="RunAsync(Uri, CancellationToken, CancellationToken)"/>, in an open store.</summary>
    internal async Task<JobResult> RunAsync(ArtifactStore store, string blob, CancellationToken stop, CancellationToken abandoned = default)
    {
        var job = await store.ReadJsonAsync<JobRequest>(blob, CancellationToken.None);
        var resultBlob = ArtifactLayout.JobResult(job.RunId, job.JobId);
        if (await store.TryReadJsonAsync<JobResult>(resultBlob, CancellationToken.None) is { } earlier)
        {
            return earlier;
        }

        using var span = JobSpan.Start(job);
        JobMeters.Started(job, time.GetUtcNow());
        var result = await DoAsync(store, job, resultBlob, stop);
        JobMeters.Ended(job, result);
        span?.End(result);
        if (abandoned.IsCancellationRequested && !result.Succeeded)
        {
            return result;
        }

        return await store.TryCreateJsonAsync(resultBlob, result, CancellationToken.None)
            ? result
            : await store.ReadJsonAsync<JobResult>(resultBlob, CancellationToken.None);
    }

    /// <inheritdoc />
    public void Dispose() => _teacher.Dispose();

    private async Task<JobResult> DoAsync(ArtifactStore store, JobRequest request, string resultBlob, CancellationToken stop)
    {
        var started = time.GetUtcNow();
        var folder = cache.NewFolder();
        try
        {
            await using var progress = new ProgressReporter(store, request, time);
            progress.Report("wait for another process that does this", 0, 0, "");

            // Another run may make the same shard, or an earlier attempt may not have noticed yet that it was given up.
            await using var lease = await Lease.TakeAsync(
                store, ArtifactLayout.LeaseOn(MadeBy(request)), time, () => store.ExistsAsync(resultBlob, stop), stop);
            if (lease is null)
            {
                return await store.ReadJsonAsync<JobResult>(resultBlob, stop);
            }

            return await DoClaimedAsync(store, request, progress, folder, lease, stop);
        }
        catch (Exception error) when (error is not LeaseLostException)
        {
            var failure = Failures.Of(error, stop.IsCancellationRequested);
            await Console.Error.WriteLineAsync($"{request.JobId}: {failure.Detail ?? failure.Message}");
            return new JobResult { Failure = failure, StartedAt = started, EndedAt = time.GetUtcNow() };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<JobResult> DoClaimedAsync(
        ArtifactStore store, JobRequest request, ProgressReporter progress, string folder, Lease lease, CancellationToken stop)
    {
        var started = time.GetUtcNow();
        using var until = CancellationTokenSource.CreateLinkedTokenSource(stop, lease.Lost);
        try
        {
            var plan = await store.ReadJsonAsync<RunPlan>(ArtifactLayout.Plan(request.RunId), stop);
            var teacher = plan.TeacherLocation ?? new ModelLocation { Folder = request.Spec.Teacher.Path };
            var output = await JobOf(request.Kind).RunAsync(new JobContext
            {
                Request = request,
                Plan = plan,
                Store = store,
                Cache = cache,
                Teacher = _teacher,
                TeacherFolder = await teacher.FetchAsync(_catalog, withWeights: request.Kind != JobKind.Prepare, new Transfers(progress), stop),
                Catalog = _catalog,
                Progress = progress,
                Folder = folder,
                Device = TorchDevice.Of(request.Spec.Compute.Device),
                Time = time,
                Stop = until.Token,
            });
            return new JobResult { Output = JsonSerializer.SerializeToElement(output, DistilJson.Options), StartedAt = started, EndedAt = time.GetUtcNow() };
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested)
        {
            throw new LeaseLostException(lease.Blob);
        }
    }

    // What two attempts at a job, or the jobs of two runs, would both write.
    private static string MadeBy(JobRequest request) => request switch
    {
        { Kind: JobKind.Prepare, Shard: { } shard } => ArtifactLayout.DatasetShard(request.DatasetId, shard),
        { Kind: JobKind.Teach, Shard: { } shard } => ArtifactLayout.TeacherOutputsShard(request.TeacherOutputsId, shard),
        { Kind: JobKind.Train } => ArtifactLayout.Checkpoints(request.RunId, request.Variant),
        { Kind: JobKind.Evaluate, Epoch: { } epoch } => ArtifactLayout.EpochReport(request.RunId, request.Variant, epoch),
        { Kind: JobKind.Export } => ArtifactLayout.Report(request.RunId),
        _ => ArtifactLayout.JobResult(request.RunId, request.JobId), // it will fail
    };

    private static IJob JobOf(JobKind kind) => kind switch
    {
        JobKind.Prepare => new PrepareJob(),
        JobKind.Teach => new TeachJob(),
        JobKind.Train => new TrainJob(),
        JobKind.Evaluate => new EvaluateJob(),
        _ => new ExportJob(),
    };
}
