namespace Distil.Trainer.Tests;

/// <summary>The files of the repository that these tests are built from.</summary>
internal static class Repository
{
    /// <summary>A file or folder under <c>samples/</c>.</summary>
    public static string Sample(params string[] path) => Path.Combine([Root, "samples", .. path]);

    private static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    private static string Find(DirectoryInfo folder) => File.Exists(Path.Combine(folder.FullName, "Distil.sln")) ? folder.FullName : Find(folder.Parent!);
}
