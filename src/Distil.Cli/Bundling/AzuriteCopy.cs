using System.Text.Json;

namespace Distil.Cli.Bundling;

/// <summary>Copies what Azurite reads when it serves blobs: an eighth of what npm installs.</summary>
internal static class AzuriteCopy
{
    // durable.cjs puts nothing in its place before Azurite loads it. With what it needs, it is most of the installation.
    private const string Telemetry = "applicationinsights";

    private static readonly string[] ForDevelopers = [".map", ".ts", ".mts", ".cts", ".md"];
    private static readonly string[] Licences = ["LICEN", "NOTICE", "COPYING"];

    /// <param name="tool">The folder <c>tools/azurite</c> with its packages.</param>
    /// <param name="target">Destination folder.</param>
    internal static void Create(string tool, string target)
    {
        Folders.Copy(tool, target, path => !IsModules(path));
        var packages = new HashSet<string>();
        AddWithDependencies(packages, Path.Combine(tool, "node_modules", "azurite"), tool);
        foreach (var package in packages)
        {
            Folders.Copy(package, Path.Combine(target, Path.GetRelativePath(tool, package)), path => !IsModules(path) && IsUsed(Path.GetFileName(path)));
        }

        var telemetry = Directory.CreateDirectory(Path.Combine(target, "node_modules", Telemetry)).FullName;
        File.WriteAllText(Path.Combine(telemetry, "index.js"), "");
    }

    private static bool IsModules(string path) => Path.GetFileName(path) == "node_modules";

    private static bool IsUsed(string name) =>
        !ForDevelopers.Contains(Path.GetExtension(name)) || Licences.Any(licence => name.StartsWith(licence, StringComparison.OrdinalIgnoreCase));

    private static void AddWithDependencies(HashSet<string> packages, string package, string tool)
    {
        if (!packages.Add(package))
        {
            return;
        }

        using var description = JsonDocument.Parse(File.ReadAllText(Path.Combine(package, "package.json")));
        foreach (var kind in (string[])["dependencies", "optionalDependencies"])
        {
            if (!description.RootElement.TryGetProperty(kind, out var dependencies))
            {
                continue;
            }

            foreach (var name in dependencies.EnumerateObject().Select(dependency => dependency.Name).Where(name => name != Telemetry))
            {
                if (Find(name, package, tool) is { } found)
                {
                    AddWithDependencies(packages, found, tool);
                }
            }
        }
    }

    /// <summary>The folder of a package as Node.js finds it from another one's; null if it is not installed, as an optional one may be.</summary>
    private static string? Find(string name, string from, string tool)
    {
        for (var folder = from; folder.Length >= tool.Length; folder = Path.GetDirectoryName(folder)!)
        {
            var candidate = Path.Combine(folder, "node_modules", name);
            if (File.Exists(Path.Combine(candidate, "package.json")))
            {
                return candidate;
            }
        }

        return null;
    }
}
