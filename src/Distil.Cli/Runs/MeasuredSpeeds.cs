using System.Text.Json;
using Distil.Cli.Hosting;
using Distil.Cli.Workspaces;
using Distil.Core;
using Distil.Core.Documents.Reports;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Microsoft.Extensions.Logging;

namespace Distil.Cli.Runs;

/// <summary>How fast this machine did each stage of earlier runs (<c>speeds.json</c>), and the time of a new run by that: what was not measured is not guessed.</summary>
/// <remarks>A stage's time is that of its jobs one after another; the export is left out, because a report cannot time the job that writes it. Speeds are of the same machine, device and shapes; the latest counts.</remarks>
internal sealed class MeasuredSpeeds(Workspace workspace)
{
    private readonly string _path = Path.Combine(workspace.Home, "speeds.json");

    /// <summary>Stores what the report of a run that was done on this machine says. A disk that cannot take it does not make the run a failure.</summary>
    internal async Task RecordAsync(RunSpec spec, RunPlan plan, RunReport report, ILogger log, CancellationToken cancel)
    {
        var measured = Read();
        foreach (var work in StageWork.Of(spec, plan))
        {
            var (jobs, seconds) = report.Timings.Where(timing => timing.Stage == work.Stage).Select(timing => (timing.Jobs, timing.Seconds)).FirstOrDefault();
            double? speed = work.Stage switch
            {
                StageWork.Train => report.Training.TokensPerSecond,
                StageWork.Teach when jobs == report.Dataset.Shards => report.Dataset.TrainTokens / seconds, // else some shards were there already
                StageWork.Evaluate when jobs > 0 => jobs / seconds,
                _ => null,
            };
            if (speed > 0 && double.IsFinite(speed.Value))
            {
                measured[work.Key] = new Measured(speed.Value, report.RunId);
            }
        }

        try
        {
            Directory.CreateDirectory(workspace.Home);
            await AtomicFile.WriteAsync(_path, temporary => File.WriteAllTextAsync(temporary, JsonSerializer.Serialize(measured, DistilJson.Indented), cancel));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            log.SpeedsNotStored(report.RunId, error.Message);
        }
    }

    /// <summary>The time that a run takes on this machine, in a sentence; null if neither its training nor its teacher's pass was measured.</summary>
    internal string? Estimate(RunSpec spec, RunPlan plan)
    {
        var measured = Read();
        var stages = StageWork.Of(spec, plan).Select(work => (work.Stage, work.Amount, work.Unit, Speed: measured.GetValueOrDefault(work.Key))).ToList();
        var known = stages.Where(stage => stage.Speed is not null).ToList();
        if (!known.Exists(stage => stage.Stage is StageWork.Teach or StageWork.Train))
        {
            return null;
        }

        var seconds = known.Sum(stage => stage.Amount / stage.Speed!.PerSecond);
        var parts = known.Select(stage => $"{stage.Stage} {Text(stage.Amount / stage.Speed!.PerSecond)}{(stage.Unit == "tokens" ? $" at {stage.Speed.PerSecond:N0} tokens/s" : "")}");
        var unknown = stages.Where(stage => stage.Speed is null).Select(stage => stage.Stage).ToList();
        return $"takes about {Text(seconds)} here ({string.Join(", ", parts)}), as measured in {known[^1].Speed!.RunId}"
            + (unknown.Count == 0 ? "" : $"; without {string.Join(" and ", unknown)}, which no run of this shape has measured yet");
    }

    private static string Text(double seconds) => seconds switch
    {
        < 90 => $"{Math.Ceiling(seconds):0} s",
        < 90 * 60 => $"{Math.Ceiling(seconds / 60):0} min",
        _ => FormattableString.Invariant($"{seconds / 3600:0.0} h"),
    };

    // A file that another version has written, or that a full disk has cut, is as good as none.
    private Dictionary<string, Measured> Read()
    {
        try
        {
            return File.Exists(_path) ? JsonSerializer.Deserialize<Dictionary<string, Measured>>(File.ReadAllText(_path), DistilJson.Options) ?? [] : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>A measurement.</summary>
    /// <param name="PerSecond">Tokens or jobs in a second.</param>
    /// <param name="RunId">The run.</param>
    private sealed record Measured(double PerSecond, string RunId);
}
