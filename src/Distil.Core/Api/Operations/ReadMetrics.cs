using System.Globalization;
using System.Text.Json;
using Distil.Core.Api.Documents;
using Distil.Core.Api.Requests;
using Distil.Core.Artifacts;
using Distil.Core.Documents;
using Distil.Core.Specification;

namespace Distil.Core.Api.Operations;

/// <summary>Reads a run's training steps from an offset on.</summary>
internal sealed class ReadMetrics(ArtifactStore store)
{
    /// <summary>Maximum bytes of the log in one answer: about 3,000 steps.</summary>
    internal const int PartBytes = 1 << 20;

    private readonly ArtifactReader _reader = new(store);

    public async Task<MetricsPage> RunAsync(string runId, string? student, string? offset, CancellationToken cancel)
    {
        var (variant, from) = (Student(student), Offset(offset));
        if (!await store.ExistsAsync(ArtifactLayout.Plan(runId), cancel))
        {
            throw ReadRun.NoSuchRun(runId);
        }

        var blob = ArtifactLayout.Metrics(runId, variant);
        return await TryReadAsync(blob, from, cancel) ?? (await TryReadAsync(blob, 0, cancel))!;
    }

    /// <summary>Reads a page; null if no line begins at the offset, because the log was cut back.</summary>
    private async Task<MetricsPage?> TryReadAsync(string blob, long offset, CancellationToken cancel)
    {
        // With the preceding byte: it ends the previous line if a line begins here.
        var lead = offset > 0 ? 1 : 0;
        var part = await _reader.ReadPartAsync(blob, offset - lead, PartBytes, cancel);
        if (lead == 1 && (part.Length == 0 || part[0] != '\n'))
        {
            return null;
        }

        var whole = part.AsMemory(lead, Math.Max(lead, part.AsSpan().LastIndexOf((byte)'\n') + 1) - lead);
        return new MetricsPage(Lines(blob, whole), offset, offset + whole.Length);
    }

    private static List<StepMetrics> Lines(string blob, ReadOnlyMemory<byte> whole)
    {
        var steps = new List<StepMetrics>();
        foreach (var line in whole.Span.Split((byte)'\n'))
        {
            if (whole.Span[line].Length > 0)
            {
                try
                {
                    steps.Add(JsonSerializer.Deserialize<StepMetrics>(whole.Span[line], DistilJson.Options)!);
                }
                catch (JsonException wrong)
                {
                    throw ArtifactException.Unreadable(blob, wrong);
                }
            }
        }

        return steps;
    }

    private static StudentVariant Student(string? text) => text switch
    {
        null or "distilled" => StudentVariant.Distilled,
        "withoutTeacher" => StudentVariant.WithoutTeacher,
        _ => throw Paging.BadParameter("student", text, "distilled or withoutTeacher"),
    };

    private static long Offset(string? text)
    {
        if (text is null)
        {
            return 0;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            ? offset
            : throw Paging.BadParameter("offset", text, "a whole number ≥ 0");
    }
}
