namespace Distil.Trainer.Pretraining;

/// <summary>A folder that is filled under a temporary name beside its own, and gets its name when it is complete.</summary>
internal sealed class NewFolder : IDisposable
{
    private readonly string _final;

    /// <param name="path">Must not exist, or be empty.</param>
    internal NewFolder(string path)
    {
        _final = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        Path = $"{_final}.{Guid.NewGuid():N}.tmp";
        Directory.CreateDirectory(Path);
    }

    /// <value>Where to write.</value>
    internal string Path { get; }

    /// <summary>Gives the folder its name.</summary>
    internal void Complete()
    {
        if (Directory.Exists(_final))
        {
            Directory.Delete(_final);
        }
        Directory.Move(Path, _final);
    }

    /// <summary>Without <see cref="Complete"/>: leaves nothing behind.</summary>
    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
