using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Runs.Reading;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Sweeps;

/// <summary>Reads a specification whose values may be lists; each combination of values becomes a run.</summary>
/// <remarks>
/// The field's type decides whether a list is a sweep: if the field is a number, text, choice or object, it is. If the field is itself a list
/// (dataset.sources, student.slstmAt), a list is its value and a list of lists is a sweep. Values inside the elements of such lists (evaluation.tasks) are
/// never swept.
/// </remarks>
public static class SweepReader
{
    /// <summary>Maximum number of runs of one sweep: more would be a mistake in the specification.</summary>
    public const int MaxRuns = 500;

    /// <summary>Fields that have one value for all runs.</summary>
    internal static readonly string[] Fixed = ["name", "$schema"];

    /// <summary>Reads the text of a file.</summary>
    /// <returns>Null if no value is a sweep's: then it is a specification of one run, or cannot be read, as <see cref="RunSpecReader"/> reports.</returns>
    /// <exception cref="InvalidInputException">A run of the sweep is invalid; the message says which and why.</exception>
    public static Sweep? TryParse(SpecDocument document) => TryParse(document.Text, document.Name, document.Folder);

    /// <summary>Reads a text; the parameters are those of <see cref="RunSpecReader.Parse(string, string, string)"/>.</summary>
    public static Sweep? TryParse(string json, string document, string folder)
    {
        try
        {
            return Parse(json, document, folder);
        }
        catch (Exception wrong) when (wrong is InvalidOperationException or JsonException) // an escape such as \ud800 that is no character
        {
            throw new InvalidInputException($"{document}: a text in it is not Unicode: {wrong.Message}", wrong);
        }
    }

    private static Sweep? Parse(string json, string document, string folder)
    {
        if (ParseObject(json) is not { } root)
        {
            return null;
        }

        var axes = SweptField.Find(root, typeof(RunSpec), FieldPath.Root).ToList();
        if (axes.Count == 0)
        {
            return null;
        }

        SweptField.Check(axes, document);
        var combinations = Combine(axes).ToList();
        var baseName = root["name"] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "sweep";
        var names = SweepNames.Of(baseName, [.. axes.Select(axis => axis.Path.Text)], combinations);
        var points = combinations.Select((values, run) => Point(root, axes, values, names[run], document, folder)).ToList();
        return new Sweep(baseName, [.. axes.Select(axis => new SweepAxis(axis.Path.Text, axis.Values))], points);
    }

    private static JsonObject? ParseObject(string json)
    {
        try
        {
            var lenient = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };
            return JsonNode.Parse(json, documentOptions: lenient) as JsonObject;
        }
        catch (JsonException)
        {
            return null; // RunSpecReader reports the error
        }
    }

    private static IEnumerable<IReadOnlyList<JsonElement>> Combine(IReadOnlyList<SweptField> axes) => axes.Aggregate(
        (IEnumerable<JsonElement[]>)[[]], (runs, axis) => runs.SelectMany(run => axis.Values.Select(value => (JsonElement[])[.. run, value])));

    private static SweepPoint Point(
        JsonObject root, List<SweptField> axes, IReadOnlyList<JsonElement> values, string name, string document, string folder)
    {
        var json = root.DeepClone().AsObject();
        json["name"] = name;
        for (var i = 0; i < axes.Count; i++)
        {
            string[] steps = axes[i].Path.Text.Split('.');
            var parent = steps[..^1].Aggregate(json, (node, step) => node[step]!.AsObject());
            parent[steps[^1]] = JsonNode.Parse(values[i].GetRawText());
        }

        var differs = UrlSecrets.Without(string.Join(", ", axes.Select((axis, i) => $"{axis.Path} {Shown.Short(values[i].GetRawText())}"))); // each error of the run begins with it
        return new SweepPoint(RunSpecReader.Parse(json.ToJsonString(), $"{document} ({differs})", folder), values);
    }
}
