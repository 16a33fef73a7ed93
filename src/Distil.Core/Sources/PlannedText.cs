namespace Distil.Core.Sources;

/// <summary>How much text a plan found and how much of it the run reads, to compare with what was done.</summary>
public sealed record PlannedText
{
    /// <value>Expected number of training tokens.</value>
    public long Tokens { get; init; }

    /// <value>Number of files that the sources name.</value>
    public required int Files { get; init; }

    /// <value>Number of these files that the run reads; the others are beyond what <c>dataset.maxTokens</c> was estimated to need.</value>
    public required int FilesRead { get; init; }

    /// <value>Number of data files of another format in the folders of the sources; they are not read.</value>
    public int OtherFiles { get; init; }

    /// <value>The first of these; null if there is none.</value>
    public string? FirstOther { get; init; }

    /// <summary>Counts the files of a plan.</summary>
    /// <param name="files">The files to train on that the sources name.</param>
    /// <param name="shards">The shards that read them.</param>
    /// <param name="others">The data files of other formats in the sources' folders.</param>
    internal static PlannedText Of(IReadOnlyCollection<SourceFile> files, IReadOnlyList<ShardSource> shards, IReadOnlyCollection<string> others) => new()
    {
        Files = files.Count(file => file.Bytes > 0),
        FilesRead = shards.SelectMany(shard => shard.Ranges).Select(range => range.Path).Distinct(StringComparer.Ordinal).Count(),
        OtherFiles = others.Count,
        FirstOther = others.Order(StringComparer.Ordinal).FirstOrDefault(),
    };
}
