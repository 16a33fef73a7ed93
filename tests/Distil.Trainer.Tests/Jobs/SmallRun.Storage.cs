namespace Distil.Trainer.Tests.Jobs;

/// <content>What a test sees of the storage, and changes there.</content>
internal sealed partial class SmallRun
{
    public ICollection<string> Blobs => _service.Blobs.Keys;

    public byte[] this[string blob]
    {
        get => _service.Blobs[blob];
        set => _service.Blobs[blob] = value;
    }

    /// <value>Called after each change of a blob, with its name.</value>
    public Action<string>? Changed
    {
        set => _service.Changed = value;
    }

    /// <summary>Times that a blob was written.</summary>
    public int Writes(string blob) => _service.Writes.GetValueOrDefault(blob);

    /// <summary>Deletes all other blobs.</summary>
    public void DeleteAllBut(IReadOnlySet<string> kept)
    {
        foreach (var blob in Blobs.Where(blob => !kept.Contains(blob)).ToList())
        {
            _service.Blobs.Remove(blob, out _);
        }
    }

    /// <summary>Puts the storage back to what it was.</summary>
    /// <param name="blobs">All blobs with their content.</param>
    public void Restore(IReadOnlyDictionary<string, byte[]> blobs)
    {
        DeleteAllBut(blobs.Keys.ToHashSet(StringComparer.Ordinal));
        foreach (var (blob, content) in blobs)
        {
            this[blob] = content;
        }
    }
}
