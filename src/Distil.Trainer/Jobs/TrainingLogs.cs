using Distil.Core.Artifacts;
using Distil.Trainer.Metrics;
using Distil.Trainer.Training;

namespace Distil.Trainer.Jobs;

/// <summary>A training's <c>metrics.jsonl</c> and TensorBoard events: written here step by step, stored with each checkpoint.</summary>
internal sealed class TrainingLogs : IDisposable
{
    private readonly JobContext _job;
    private readonly string _metricsPath;
    private readonly MetricsLog _metrics;
    private readonly TensorBoardLog _events;

    private TrainingLogs(JobContext job, string metricsPath, long nextStep)
    {
        (_job, _metricsPath) = (job, metricsPath);
        _metrics = MetricsLog.Open(metricsPath, nextStep);
        _events = new TensorBoardLog(Path.Combine(job.Folder, "events"), nextStep, job.Time);
    }

    private string MetricsBlob => ArtifactLayout.Metrics(_job.Request.RunId, _job.Request.Variant);

    /// <summary>Takes up the stored log where it is; steps that will be done again are taken out.</summary>
    /// <param name="job">The train job.</param>
    /// <param name="nextStep">The step of the whole training that comes next.</param>
    public static async Task<TrainingLogs> OpenAsync(JobContext job, long nextStep)
    {
        var path = Path.Combine(job.Folder, "metrics.jsonl");
        if (await job.Store.TryReadTextAsync(ArtifactLayout.Metrics(job.Request.RunId, job.Request.Variant), job.Stop) is { } earlier)
            await File.WriteAllTextAsync(path, earlier, job.Stop);

        return new TrainingLogs(job, path, nextStep);
    }

    /// <summary>Writes a step.</summary>
    public void Write(StepMetrics step)
    {
        _metrics.Write(step);
        _events.Write(step);
    }

    /// <summary>Stores both.</summary>
    public async Task SaveAsync()
    {
        _events.Flush();
        await _job.Store.UploadAsync(MetricsBlob, _metricsPath);
        await _job.Store.UploadAsync(ArtifactLayout.Events(_job.Request.RunId, _job.Request.Variant, Path.GetFileName(_events.Path)), _events.Path);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _metrics.Dispose();
        _events.Dispose();
    }
}
