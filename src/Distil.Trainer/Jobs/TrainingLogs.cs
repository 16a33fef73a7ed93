using Azure;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents;
using Distil.Trainer.Metrics;

namespace Distil.Trainer.Jobs;

/// <summary>A training's <c>metrics.jsonl</c> and TensorBoard events: written locally step by step and stored with each checkpoint; the metrics also between
/// checkpoints, for people who watch.</summary>
internal sealed class TrainingLogs : IDisposable
{
    private static readonly TimeSpan MinPause = TimeSpan.FromSeconds(3);

    /// <summary>The whole log is stored each time; this takes at most this share of the training's time, even if the log is large.</summary>
    private const double ShareOfTime = 0.005;

    private readonly JobContext _job;
    private readonly Weights _weights;
    private readonly string _metricsPath;
    private readonly MetricsLog _metrics;
    private readonly TensorBoardLog _events;
    private long _shown;
    private TimeSpan _pause = MinPause;

    private TrainingLogs(JobContext job, Weights weights, string metricsPath, long nextStep)
    {
        (_job, _weights, _metricsPath) = (job, weights, metricsPath);
        _shown = job.Time.GetTimestamp();
        _metrics = MetricsLog.Open(metricsPath, nextStep);
        _events = new TensorBoardLog(Path.Combine(job.Folder, "events"), nextStep, job.Time);
    }

    private string MetricsBlob => ArtifactLayout.Metrics(_weights.Run.RunId, _weights.Student);

    /// <summary>Continues the stored log; steps that will be repeated are removed.</summary>
    /// <param name="job">The train job.</param>
    /// <param name="weights">The weights to train.</param>
    /// <param name="nextStep">The next step of the whole training.</param>
    public static async Task<TrainingLogs> OpenAsync(JobContext job, Weights weights, long nextStep)
    {
        var path = Path.Combine(job.Folder, "metrics.jsonl");
        if (await job.Store.TryReadTextAsync(ArtifactLayout.Metrics(weights.Run.RunId, weights.Student), job.Stop) is { } earlier)
        {
            await File.WriteAllTextAsync(path, earlier, job.Stop);
        }

        return new TrainingLogs(job, weights, path, nextStep);
    }

    /// <summary>Writes a step.</summary>
    public void Write(StepMetrics step)
    {
        _metrics.Write(step);
        _events.Write(step);
        if (_job.Time.GetElapsedTime(_shown) >= _pause)
        {
            Show();
        }
    }

    /// <summary>Stores both logs.</summary>
    public async Task SaveAsync()
    {
        _events.Flush();
        await _job.Store.UploadAsync(MetricsBlob, _metricsPath);
        await _job.Store.UploadAsync(ArtifactLayout.Events(_weights.Run.RunId, _weights.Student, Path.GetFileName(_events.Path)), _events.Path);
    }

    /// <summary>Steps that are published here and then lost with the machine are removed when training resumes from the checkpoint before them.</summary>
    private void Show()
    {
        var began = _job.Time.GetTimestamp();
        try
        {
            _job.Store.UploadAsync(MetricsBlob, _metricsPath).GetAwaiter().GetResult(); // torch's scopes belong to this thread
        }
        catch (RequestFailedException error)
        {
            // For people who watch; training continues without it.
            _job.Log.MetricsWereNotStored(MetricsBlob, error.Message);
        }

        _shown = _job.Time.GetTimestamp();
        var took = _job.Time.GetElapsedTime(began, _shown);
        _pause = took / ShareOfTime > MinPause ? took / ShareOfTime : MinPause;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _metrics.Dispose();
        _events.Dispose();
    }
}
