using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Distil.Core.Runs.Sweeps;

/// <summary>Names the runs of a sweep by what differs: <c>tales-learning-rate-2e-3-blocks-4</c>, shortened if that is too long for a run's name.</summary>
internal static partial class SweepNames
{
    private const int Longest = 40;

    /// <summary>Returns a name for each combination: with the fields' names, else with their initials, else with the runs' numbers; all in the same
    /// way.</summary>
    /// <param name="name">The specification's name.</param>
    /// <param name="paths">The fields that vary.</param>
    /// <param name="combinations">Their values, run by run.</param>
    public static IReadOnlyList<string> Of(string name, IReadOnlyList<string> paths, IReadOnlyList<IReadOnlyList<JsonElement>> combinations)
    {
        var labels = paths.Select(path => Label(path, paths)).ToArray();
        List<string>[] distinct =
        [
            .. paths.Select((_, axis) => combinations.Select(values => values[axis]).Where(IsNested).Select(value => value.GetRawText()).Distinct().ToList()),
        ];
        foreach (var way in new[] { labels, [.. labels.Select(Initials)] })
        {
            string[] names =
                [.. combinations.Select(values => string.Join('-', [name, .. way.Select((label, axis) => $"{label}-{Show(values[axis], distinct[axis])}")]))];
            if (names.All(each => each.Length <= Longest) && names.Distinct().Count() == names.Length)
            {
                return names;
            }
        }

        var digits = combinations.Count.ToString(CultureInfo.InvariantCulture).Length;
        var room = name[..Math.Min(name.Length, Longest - digits - 1)];
        return [.. combinations.Select((_, run) => $"{room}-{(run + 1).ToString($"D{digits}", CultureInfo.InvariantCulture)}")];
    }

    /// <summary>The field's own name, with its parent's if another field has the same name.</summary>
    private static string Label(string path, IReadOnlyList<string> paths)
    {
        var steps = path.Split('.');
        var shared = paths.Count(other => other.Split('.')[^1] == steps[^1]) > 1;
        return string.Join('-', steps[^(shared && steps.Length > 1 ? 2 : 1)..].Select(Kebab));
    }

    private static string Kebab(string camel) => Capital().Replace(camel, "-$1").ToLowerInvariant();

    private static string Initials(string label) => string.Concat(label.Split('-').Select(word => word[0]));

    /// <summary>A value in characters allowed in names; an object or list becomes its number among the values.</summary>
    private static string Show(JsonElement value, List<string> distinct)
    {
        if (IsNested(value))
        {
            return (distinct.IndexOf(value.GetRawText()) + 1).ToString(CultureInfo.InvariantCulture);
        }

        var text = value.ValueKind == JsonValueKind.Null ? "none" : value.ToString().ToLowerInvariant();
        return Other().Replace(text, "-").Trim('-') is { Length: > 0 } shown ? shown : "x";
    }

    private static bool IsNested(JsonElement value) => value.ValueKind is JsonValueKind.Object or JsonValueKind.Array;

    [GeneratedRegex("([A-Z])")]
    private static partial Regex Capital();

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex Other();
}
