namespace Distil.Onnx.Tests.Samples;

/// <summary>Files of the repository that these tests were built from.</summary>
internal static class RepositoryFolder
{
    /// <summary>A path in it.</summary>
    internal static string Of(params string[] parts) => Path.Combine([Find(), .. parts]);

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Distil.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}
