using Distil.Core.Artifacts;

namespace Distil.Cli.Engine.Journal;

/// <summary>Stores the bytes of one journal.</summary>
internal interface IJournalLog
{
    /// <value>The log's name, for messages.</value>
    string Name { get; }

    /// <summary>Returns all bytes; none if there is no log yet.</summary>
    Task<byte[]> ReadAsync(CancellationToken cancel);

    /// <summary>Appends bytes and returns when they are stored.</summary>
    Task AppendAsync(byte[] bytes, CancellationToken cancel);

    /// <summary>Replaces the whole content.</summary>
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
