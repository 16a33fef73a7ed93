using Distil.Core.Artifacts;

namespace Distil.Cli.Engine.Journal;

/// <summary>Where the bytes of one journal are.</summary>
internal interface IJournalLog
{
    /// <value>For messages.</value>
    string Name { get; }

    /// <summary>All bytes; none where there is no log yet.</summary>
    Task<byte[]> ReadAsync(CancellationToken cancel);

    /// <summary>Adds bytes; returns when they are stored.</summary>
    Task AppendAsync(byte[] bytes, CancellationToken cancel);

    /// <summary>Puts bytes in place of all that is there.</summary>
    Task ReplaceAsync(byte[] bytes, CancellationToken cancel);
}

/// <summary>A journal in Blob Storage.</summary>
internal sealed class BlobJournalLog(AppendLog log) : IJournalLog
{
    /// <inheritdoc />
    public string Name => log.Blob;

    /// <inheritdoc />
    public Task<byte[]> ReadAsync(CancellationToken cancel) => log.ReadAsync(cancel);

    /// <inheritdoc />
    public Task AppendAsync(byte[] bytes, CancellationToken cancel) => log.AppendAsync(bytes, cancel);

    /// <inheritdoc />
    public Task ReplaceAsync(byte[] bytes, CancellationToken cancel) => log.ReplaceAsync(bytes, cancel);
}
