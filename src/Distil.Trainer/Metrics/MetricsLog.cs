using System.Text.Json;
using Distil.Core;
using Distil.Core.Documents;

namespace Distil.Trainer.Metrics;

/// <summary><c>metrics.jsonl</c>: one JSON object per step. Each step appears once, even if training was resumed from an earlier checkpoint.</summary>
public sealed class MetricsLog : IDisposable
{
    private readonly StreamWriter _writer;

    private MetricsLog(StreamWriter writer) => _writer = writer;

    /// <summary>Opens a log for appending. Steps from <paramref name="nextGlobalStep"/> on, and a line that a crash cut off, are removed first.</summary>
    /// <param name="path">Created if it does not exist.</param>
    /// <param name="nextGlobalStep">The step that will be written next.</param>
    public static MetricsLog Open(string path, long nextGlobalStep)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        if (File.Exists(path))
        {
            AtomicFile.WriteLines(path, File.ReadLines(path).Where(line => StepOf(line) < nextGlobalStep));
        }

        return new(new StreamWriter(path, append: true) { AutoFlush = true });
    }

    /// <summary>Reads the complete steps of a log, in order.</summary>
    public static IEnumerable<StepMetrics> Read(string path) =>
        File.ReadLines(path).Where(line => StepOf(line) is not null).Select(line => JsonSerializer.Deserialize<StepMetrics>(line, DistilJson.Options)!);

    /// <summary>Appends a step.</summary>
    public void Write(StepMetrics step) => _writer.WriteLine(JsonSerializer.Serialize(step, DistilJson.Options));

    /// <inheritdoc />
    public void Dispose() => _writer.Dispose();

    /// <summary>Null if the line is incomplete.</summary>
    private static long? StepOf(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement is { ValueKind: JsonValueKind.Object } step && step.TryGetProperty("globalStep", out var number)
                && number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out var value) ? value : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
