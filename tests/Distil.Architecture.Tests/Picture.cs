using System.Reflection;

namespace Distil.Architecture.Tests;

/// <summary>The projects and rooms of <c>docs/architecture.md</c>.</summary>
internal static class Picture
{
    private static readonly string Repository = Metadata("Repository");

    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(Repository, "docs", "architecture.md"));

    /// <summary>By project: its rooms, lowest first.</summary>
    internal static IReadOnlyDictionary<string, string[]> Rooms { get; } = Table("| project | rooms")
        .ToDictionary(row => row[0].Trim('`'), row => row[1].Split(" · ").Select(room => room.Trim('`')).ToArray());

    /// <summary>By project: the other projects that it may use.</summary>
    internal static IReadOnlyDictionary<string, string[]> MayUse { get; } = Table("| folder |")
        .Where(row => row[0].StartsWith("`src/", StringComparison.Ordinal))
        .ToDictionary(row => row[0].Trim('`')["src/".Length..], row => row[2].Split(", ").Select(name => $"Distil.{name}").ToArray());

    /// <summary>Where the build has put a project's assembly.</summary>
    internal static string AssemblyOf(string project)
    {
        var folder = Path.Combine(Repository, "src", project, Metadata("Output"));
        return Directory.EnumerateFiles(folder, project + ".dll", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 }).Single();
    }

    // The cells of a table's rows, by the beginning of its first line.
    private static IEnumerable<string[]> Table(string heading) => Lines.SkipWhile(line => !line.StartsWith(heading, StringComparison.Ordinal)).Skip(2)
        .TakeWhile(line => line.StartsWith('|')).Select(line => line.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries));

    private static string Metadata(string key) =>
        typeof(Picture).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == key).Value!;
}
