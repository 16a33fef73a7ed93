using System.ComponentModel;

namespace Distil.Cli.Bundling;

/// <summary>The Node.js that is on the path, for machines without one: Azurite needs it.</summary>
internal static class NodeCopy
{
    // Its path, and whether it was built to use libraries of its distribution.
    private const string Question =
        "process.execPath + '\\n' + Object.entries(process.config.variables).some(([name, value]) => name.startsWith('node_shared') && String(value) === 'true')";

    /// <summary>Copies the program and its licence.</summary>
    /// <param name="target">Destination folder.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>Why it was not copied; null if it was.</returns>
    internal static async Task<string?> CreateAsync(string target, CancellationToken cancel)
    {
        string[] answer;
        try
        {
            answer = (await Publishing.ExecuteAsync("node", ["-p", Question], cancel)).Split('\n');
        }
        catch (Win32Exception)
        {
            return "node is not on the path";
        }

        var (program, usesLibraries) = (answer[0], answer[1] == "true");
        if (usesLibraries)
        {
            return $"{program} uses libraries of this distribution";
        }

        var prefix = Path.GetDirectoryName(Path.GetDirectoryName(program))!;
        string[] licences = [Path.Combine(prefix, "LICENSE"), .. ((string[])["node", "nodejs"]).Select(name => Path.Combine(prefix, "share", "doc", name, "LICENSE"))];
        if (licences.FirstOrDefault(File.Exists) is not { } licence)
        {
            return $"the licence of {program} was not found ({string.Join(", ", licences)})";
        }

        Directory.CreateDirectory(target);
        File.Copy(program, Path.Combine(target, "node"));
        File.Copy(licence, Path.Combine(target, "LICENSE"));
        return null;
    }
}
