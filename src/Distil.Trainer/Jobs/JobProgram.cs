using System.Text.Json;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Artifacts.Leases;
using Distil.Core.Documents;
using Distil.Core.Jobs;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Telemetry;
using Distil.Trainer.Ranks;
using Distil.Trainer.Torch;
using Microsoft.Extensions.Logging;

namespace Distil.Trainer.Jobs;

/// <summary>Runs jobs: reads a request, runs the job, and writes the result. If a result exists, it is final.</summary>
/// <param name="cache">The cache of artifacts on this machine.</param>
/// <param name="sources">How texts, models and artifacts are read.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Receives messages about jobs, for people.</param>
/// <param name="pool">Starts processes for further GPUs; disposed with this.</param>
internal sealed class JobProgram(ArtifactCache cache, SourceSettings sources, TimeProvider time, ILogger log, RankPool pool) : IDisposable
{
    private readonly WarmTeacher _teacher = new();
    private volatile Tuple<string, JobDefinition>? _definition; // a process that runs several jobs of a run reads it once
    private readonly SourceCatalog _catalog = SourceCatalog.Create(sources, time, log);

    /// <summary>Runs one job.</summary>
    /// <param name="request">URI of its <c>request.json</c>.</param>
    /// <param name="stop">Cancelled if the process or machine is taken away: the job saves a checkpoint and ends as preempted.</param>
    /// <param name="abandoned">
    /// Cancelled if the caller is gone. The job is stopped too, but no failure is stored: the next caller starts it again and must not find that it failed.
    /// </param>
    /// <returns>The job's result, from now or from before.</returns>
    /// <exception cref="ArtifactException">There is no readable request, and so no job and no place for a result.</exception>
    /// <exception cref="LeaseLostException">Another process runs the job now.</exception>
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
    public void Dispose()
    {
        pool.Dispose();
        _teacher.Dispose();
    }

    private async Task<JobResult> DoAsync(ArtifactStore store, JobRequest request, string resultBlob, CancellationToken stop)
    {
        var started = time.GetUtcNow();
        var folder = cache.NewFolder();
        try
        {
            await using var progress = new ProgressReporter(store, request, time, log);
            progress.Report("wait for another process that does this", 0, 0, "");
            var definition = _definition;
            if (definition?.Item1 != request.Definition)
            {
                _definition = definition = Tuple.Create(request.Definition, await JobDefinition.ReadAsync(store, request, stop));
            }

            request = request with { Defined = definition.Item2 };

            // Another run may make the same shard, or an earlier try may not have noticed yet that it was given up.
            await using var lease = await Lease.TakeAsync(
                store, request.Made.Lease, time, () => store.ExistsAsync(resultBlob, stop), stop);
            if (lease is null)
            {
                return await store.ReadJsonAsync<JobResult>(resultBlob, stop);
            }

            return await DoLeasedAsync(store, request, progress, folder, lease, stop);
        }
        catch (Exception error) when (error is not LeaseLostException)
        {
            var missing = Failures.MissingInputs(error, request);
            var failure = Failures.Of(error, stop.IsCancellationRequested, missing);
            log.JobFailed(request.JobId, failure.Detail ?? failure.Message);
            return new JobResult { Failure = failure, Missing = missing, StartedAt = started, EndedAt = time.GetUtcNow() };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<JobResult> DoLeasedAsync(
        ArtifactStore store, JobRequest request, ProgressReporter progress, string folder, Lease lease, CancellationToken stop)
    {
        var started = time.GetUtcNow();
        using var until = CancellationTokenSource.CreateLinkedTokenSource(stop, lease.Lost);
        try
        {
            var device = request.AsksServer ? TorchSharp.torch.CPU : TorchDevice.Of(request.Spec.Compute.Device);
            if (!request.AsksServer && request.Kind is JobKind.Teach or JobKind.Train or JobKind.Evaluate)
            {
                pool.Require(request.Spec.Compute.GpusPerWorker, device);
            }

            var meter = DeviceMeter.Of(device);
            progress.Watch(meter);
            var output = await JobOf(request.Makes).RunAsync(new JobContext
            {
                Request = request,
                Store = store,
                Cache = cache,
                Teacher = _teacher,
                TeacherFolder = await request.TeacherLocation.FetchAsync(_catalog, request.NeedsWeights, new Transfers(progress), stop),
                Catalog = _catalog,
                Sources = sources,
                Progress = progress,
                Folder = folder,
                Device = device,
                Meter = meter,
                Pool = pool,
                Time = time,
                Log = log,
                Stop = until.Token,
            });
            return new JobResult
            {
                Output = JsonSerializer.SerializeToElement(output, DistilJson.Options),
                Notes = (output as ExportOutput)?.Notes,
                Perplexity = (output as ExportOutput)?.Perplexity,
                StartedAt = started,
                EndedAt = time.GetUtcNow(),
            };
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested)
        {
            throw new LeaseLostException(lease.Blob);
        }
    }

    private static IJob JobOf(Artifact makes) => makes switch
    {
        Dataset dataset => new PrepareJob(dataset),
        Core.Artifacts.Kinds.TeacherOutputs outputs => new TeachJob(outputs),
        Weights { Run.Experts: null } weights => new TrainJob(weights),
        Weights merged => new MergeJob(merged),
        Core.Artifacts.Kinds.Evaluation evaluation => new EvaluateJob(evaluation),
        Report report => new ExportJob(report),
        _ => throw new InvalidOperationException($"{makes.Closing}: no job makes this kind of artifact"),
    };
}
