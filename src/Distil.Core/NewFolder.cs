namespace Distil.Core;

/// <summary>A folder that is filled under a temporary name and renamed when it is complete.</summary>
public sealed class NewFolder : IDisposable
{
    private readonly string _final;

    /// <summary>Creates the temporary folder.</summary>
    /// <param name="path">A path that does not exist, or an empty folder.</param>
    public NewFolder(string path)
    {
        _final = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        Path = $"{_final}.{Guid.NewGuid():N}.tmp";
        Directory.CreateDirectory(Path);
    }

    /// <value>The temporary folder to write to.</value>
    public string Path { get; }

    /// <summary>Renames the folder to its final name.</summary>
    public void Complete()
    {
        if (Directory.Exists(_final))
        {
            Directory.Delete(_final);
        }

        Directory.Move(Path, _final);
    }

    /// <summary>Deletes the temporary folder if it has not been completed.</summary>
    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
