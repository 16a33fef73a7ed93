using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Reading;

/// <summary>Finds what a run that merges cannot use: experts that are no mean, and fields of a run that trains.</summary>
internal static class MergeChecks
{
    /// <summary>How far the shares may be from 1 in all: three thirds of six digits are.</summary>
    private const double Tolerance = 1e-5;

    /// <summary>The sections of a run that trains, with the fields that a merge uses.</summary>
    private static readonly (string Section, string[] Used)[] Sections =
        [("teacher", ["path"]), ("distillation", []), ("training", ["batchSize", "precision"])];

    /// <summary>Finds experts that contradict one another, and students that only a run that trains has.</summary>
    public static IEnumerable<FieldError> Find(RunSpec spec)
    {
        if (spec.Merge is not { Experts: var experts })
        {
            yield break;
        }

        var at = FieldPath.Parse("merge.experts");
        if (experts.Count < 2)
        {
            yield return FieldError.Of(at, "has one run; expected two or more");
        }

        for (var i = 0; i < experts.Count; i++)
        {
            if (experts.Take(i).Any(earlier => earlier.Run == experts[i].Run))
            {
                yield return FieldError.Of(at.Item(i).Field("run"), $"is {experts[i].Run}, which the list contains already; expected each run once");
            }
        }

        var weights = experts.Select(expert => expert.Weight).OfType<double>().ToList();
        if (weights.Count > 0 && weights.Count < experts.Count)
        {
            yield return FieldError.Of(at, $"has a weight for {weights.Count} of {experts.Count} runs; expected one for each, or none for equal shares");
        }
        else if (weights.Count > 0 && Math.Abs(weights.Sum() - 1) > Tolerance)
        {
            yield return FieldError.Of(at, $"has weights that add up to {weights.Sum().ToString(CultureInfo.InvariantCulture)}; expected 1");
        }

        foreach (var (name, asked) in new[] { ("baseline", spec.Evaluation.Baseline), ("control", spec.Evaluation.Control) })
        {
            if (asked)
            {
                yield return FieldError.Of(FieldPath.Parse($"evaluation.{name}"), "is true; expected false in a run that merges, because it trains nothing");
            }
        }
    }

    /// <summary>Finds fields without effect on a merge, unless they have their default value: a stored specification contains all defaults.</summary>
    /// <param name="spec">A specification whose fields are each valid.</param>
    public static IEnumerable<FieldError> FindUnused(JsonElement spec)
    {
        if (!spec.TryGetProperty("merge", out var merge) || merge.ValueKind != JsonValueKind.Object)
        {
            return [];
        }

        var defaults = DefaultsOf(spec);
        return from section in Sections
               where spec.TryGetProperty(section.Section, out _)
               from field in spec.GetProperty(section.Section).EnumerateObject()
               where !section.Used.Contains(field.Name)
                   && !JsonNode.DeepEquals(JsonNode.Parse(field.Value.GetRawText(), documentOptions: RunSpecReader.Comments), defaults[section.Section]![field.Name])
               select FieldError.Of(
                   FieldPath.Parse(section.Section).Field(field.Name), "is a field of a run that trains; this run merges, and trains nothing: expected it left out");
    }

    private static JsonNode DefaultsOf(JsonElement spec)
    {
        var bare = new JsonObject();
        foreach (var required in (string[])["name", "teacher", "dataset", "student", "merge"])
        {
            if (spec.TryGetProperty(required, out var value))
            {
                bare[required] = JsonNode.Parse(value.GetRawText(), documentOptions: RunSpecReader.Comments);
            }
        }

        if (bare["teacher"] is JsonObject teacher)
        {
            bare["teacher"] = new JsonObject { ["path"] = teacher["path"]?.DeepClone() };
        }

        return JsonSerializer.SerializeToNode(RunSpecReader.Deserialize(bare, KindChecks.KindOf(spec)), DistilJson.Options)!;
    }
}
