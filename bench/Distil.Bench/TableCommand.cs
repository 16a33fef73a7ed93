using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Distil.Bench;

/// <summary>Writes a Markdown table of this project's figures beside PyTorch's, from their lines of JSON.</summary>
internal static class TableCommand
{
    internal static Command Create()
    {
        var files = new Argument<string[]>("files")
        {
            Description = "Lines of JSON: side, figure, and ms, peak_gib, tokens_per_s or failed.",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command("table", "Figures of both sides as a Markdown table.") { files };
        command.SetAction(parsed => Write(
            [.. parsed.GetRequiredValue(files).SelectMany(File.ReadLines).Where(line => line.StartsWith('{')).Select(line => JsonNode.Parse(line)!)]));
        return command;
    }

    private static void Write(IReadOnlyList<JsonNode> lines)
    {
        Console.WriteLine("| figure | ours, ms | tokens/s | memory, GiB | PyTorch, ms | tokens/s | memory, GiB | times |");
        Console.WriteLine("|---|--:|--:|--:|--:|--:|--:|--:|");
        foreach (var figure in lines.Where(IsRow).Select(Name).Distinct())
        {
            var (ours, peer) = (Best(lines, "ours", figure), Best(lines, "peer", figure));
            var times = Milliseconds(ours) is { } here && Milliseconds(peer) is { } there ? (there / here).ToString("0.0", CultureInfo.InvariantCulture) : "";
            var variant = peer?["variant"] is { } named ? $" ({named})" : "";
            Console.WriteLine($"| {figure} | {Cells(ours)} | {Cells(peer, variant)} | {times} |");
        }

        Console.WriteLine();
        foreach (var line in lines.Where(line => !IsRow(line)).DistinctBy(line => line.ToJsonString()))
        {
            Console.WriteLine($"- {(string)line["side"]!}, {Name(line)}: {string.Join(", ", line.AsObject().Where(field => field.Key is not ("side" or "figure")).Select(field => $"{field.Key} {field.Value}"))}");
        }
    }

    /// <summary>Whether a line has a value for one of the table's columns; other lines are listed below the table.</summary>
    private static bool IsRow(JsonNode line) => line["ms"] is not null || line["tokens_per_s"] is not null || line["failed"] is not null;

    /// <summary>The fastest of a side's variants, or a failed one if none ran.</summary>
    private static JsonNode? Best(IEnumerable<JsonNode> lines, string side, string figure) => lines
        .Where(line => (string?)line["side"] == side && Name(line) == figure)
        .OrderBy(line => Milliseconds(line) ?? double.PositiveInfinity)
        .FirstOrDefault();

    private static string Cells(JsonNode? line, string note = "")
    {
        if (line?["failed"] is { } failure)
        {
            return $"failed: {failure}{note} | | ";
        }
        string Number(string name, string format) =>
            line?[name] is { } value && (double)value > 0 ? ((double)value).ToString(format, CultureInfo.InvariantCulture) : "";
        return $"{Number("ms", "0.00")}{(line is null ? "" : note)} | {Number("tokens_per_s", "#,0")} | {Number("peak_gib", "0.0")}";
    }

    private static string Name(JsonNode line) => (string)line["figure"]!;

    private static double? Milliseconds(JsonNode? line) => (double?)line?["ms"];
}
