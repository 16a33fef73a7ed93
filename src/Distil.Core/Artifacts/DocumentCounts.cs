namespace Distil.Core.Artifacts;

/// <summary>How many documents were read, by what was done with them.</summary>
public sealed record DocumentCounts
{
    /// <value>Documents used for training.</value>
    public long Trained { get; init; }

    /// <value>Documents held out for evaluation.</value>
    public long HeldOut { get; init; }

    /// <value>Documents skipped because they contain only white space, or no ids.</value>
    public long Empty { get; init; }

    /// <value>Documents skipped because the field or column is missing or null.</value>
    public long WithoutText { get; init; }

    /// <value>Documents skipped because their bytes are not UTF-8, or because they contain half of a surrogate pair, which UTF-8 cannot represent.</value>
    public long NotUtf8 { get; init; }

    /// <value>Conversations skipped because none of their tokens counts in the losses, or none of those that fit into a row; null if the documents are
    /// no conversations.</value>
    public long? WithoutLabel { get; init; }

    /// <value>Documents used or held out that are longer than a row: a text is cut into several rows, of a conversation the first row is used.</value>
    public long LongerThanRow { get; init; }

    /// <value>Place and fault of the first document that has no text, is not UTF-8 or has no token to train on; null if there is none.</value>
    public string? FirstFault { get; init; }

    /// <value>All documents that were read.</value>
    [System.Text.Json.Serialization.JsonIgnore]
    public long Read => Trained + HeldOut + PassedOver;

    /// <value>All documents that were skipped.</value>
    [System.Text.Json.Serialization.JsonIgnore]
    public long PassedOver => Empty + WithoutText + NotUtf8 + (WithoutLabel ?? 0);

    /// <summary>Adds the counts of several shards.</summary>
    public static DocumentCounts Sum(IReadOnlyCollection<DocumentCounts> counts) => new()
    {
        Trained = counts.Sum(each => each.Trained),
        HeldOut = counts.Sum(each => each.HeldOut),
        Empty = counts.Sum(each => each.Empty),
        WithoutText = counts.Sum(each => each.WithoutText),
        NotUtf8 = counts.Sum(each => each.NotUtf8),
        WithoutLabel = counts.Any(each => each.WithoutLabel is not null) ? counts.Sum(each => each.WithoutLabel) : null,
        LongerThanRow = counts.Sum(each => each.LongerThanRow),
        FirstFault = counts.Select(each => each.FirstFault).FirstOrDefault(fault => fault is not null),
    };

    /// <summary>For example "3 empty, 2 without text, 1 not UTF-8 (the first: …)", with the kinds that occurred; empty if none was skipped.</summary>
    public string DescribePassedOver()
    {
        var kinds = new[] { (Empty, "empty"), (WithoutText, "without text"), (NotUtf8, "not UTF-8"), (WithoutLabel ?? 0, "without a token to train on") };
        var words = string.Join(", ", kinds.Where(kind => kind.Item1 > 0).Select(kind => $"{kind.Item1:N0} {kind.Item2}"));
        return FirstFault is null ? words : $"{words} (the first: {FirstFault})";
    }
}
