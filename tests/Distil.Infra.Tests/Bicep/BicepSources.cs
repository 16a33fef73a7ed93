using System.Reflection;

namespace Distil.Infra.Tests.Bicep;

/// <summary>A copy of <c>infra/bicep</c> that a test may change.</summary>
internal sealed class BicepSources : IDisposable
{
    public BicepSources()
    {
        foreach (var path in Directory.EnumerateFiles(Original, "*", SearchOption.AllDirectories))
        {
            var target = this[Path.GetRelativePath(Original, path)];
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(path, target);
        }
    }

    /// <value>The files as they are in the repository.</value>
    public static string Original { get; } = Metadata("BicepFolder");

    /// <value>The compiler's program.</value>
    public static string Compiler { get; } = Metadata("BicepCompiler");

    public string Folder { get; } = Directory.CreateTempSubdirectory("distil-bicep-").FullName;

    /// <summary>The path of a file.</summary>
    public string this[string name] => Path.Combine(Folder, name);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static string Metadata(string key) =>
        typeof(BicepSources).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(item => item.Key == key).Value!;
}
