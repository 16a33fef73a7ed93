using System.Text.Json;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Runs;
using Distil.Core.Sources;
using Distil.Core.Telemetry;
using Distil.Trainer.Models;

namespace Distil.Trainer.Jobs;

/// <summary>Does jobs: reads a request, does what it says, writes the result. A result that exists is final.</summary>
/// <param name="cache">Artifacts on this machine.</param>
/// <param name="time">The clock.</param>
internal sealed class JobProgram(ArtifactCache cache, TimeProvider time) : IDisposable
{
    private readonly WarmTeacher _teacher = new();
    private readonly SourceCatalog _catalog = SourceCatalog.FromEnvironment(time, Console.Error.WriteLine);

    /// <summary>Does one job.</summary>
    /// <param name="request">URI of its <c>request.json</c>.</param>
    /// <param name="stop">Set when the process or machine is taken away: the job saves a checkpoint and ends as preempted.</param>
    /// <returns>The job's result, now or from an earlier life.</returns>
    /// <exception cref="ArtifactException">There is no readable request: then there is no job, and no place for a result.</exception>
    public Task<JobResult> RunAsync(Uri request, CancellationToken stop)
    {
        var (store, blob) = ArtifactStore.OpenFor(request);
        return RunAsync(store, blob, stop);
    }

    /// <summary>As <see cref="RunAsync(Uri, CancellationToken)"/>, in an open store.</summary>
    internal async Task<JobResult> RunAsync(ArtifactStore store, string blob, CancellationToken stop)
    {
        var job = await store.ReadJsonAsync<JobRequest>(blob, CancellationToken.None);
        var resultBlob = ArtifactLayout.JobResult(job.RunId, job.JobId);
        if (await store.TryReadJsonAsync<JobResult>(resultBlob, CancellationToken.None) is { } earlier)
            return earlier;

        using var span = JobSpan.Start(job);
        JobMeters.Started(job, time.GetUtcNow());
        var result = await DoAsync(store, job, stop);
        JobMeters.Ended(job, result);
        span?.End(result);
        return await store.TryCreateJsonAsync(resultBlob, result, CancellationToken.None)
            ? result
            : await store.ReadJsonAsync<JobResult>(resultBlob, CancellationToken.None);
    }

    /// <inheritdoc />
    public void Dispose() => _teacher.Dispose();

    private async Task<JobResult> DoAsync(ArtifactStore store, JobRequest request, CancellationToken stop)
    {
        var started = time.GetUtcNow();
        var folder = cache.NewFolder();
        try
        {
            await using var progress = new ProgressReporter(store, request, time);
            var plan = await store.ReadJsonAsync<RunPlan>(ArtifactLayout.Plan(request.RunId), stop);
            var teacher = plan.TeacherLocation ?? new TeacherLocation { Folder = request.Spec.Teacher.Path };
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
                Stop = stop,
            });
            return new JobResult { Output = JsonSerializer.SerializeToElement(output, DistilJson.Options), StartedAt = started, EndedAt = time.GetUtcNow() };
        }
        catch (Exception error)
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

    private static IJob JobOf(JobKind kind) => kind switch
    {
        JobKind.Prepare => new PrepareJob(),
        JobKind.Teach => new TeachJob(),
        JobKind.Train => new TrainJob(),
        JobKind.Evaluate => new EvaluateJob(),
        _ => new ExportJob(),
    };
}
