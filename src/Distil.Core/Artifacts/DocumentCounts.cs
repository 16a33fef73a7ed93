namespace Distil.Core.Artifacts;

/// <summary>What became of the documents that were read.</summary>
public sealed record DocumentCounts
{
    /// <value>Trained on.</value>
    public long Trained { get; init; }

    /// <value>Held out for evaluation.</value>
    public long HeldOut { get; init; }

    /// <value>Passed over: nothing but white space, or no ids.</value>
    public long Empty { get; init; }

    /// <value>Passed over: the field or column is missing, or null.</value>
    public long WithoutText { get; init; }

    /// <value>Passed over: bytes that are not UTF-8.</value>
    public long NotUtf8 { get; init; }

    /// <value>Of those trained on or held out: longer than a row, and so cut into several.</value>
    public long LongerThanRow { get; init; }

    /// <value>The first document without text or not UTF-8: where it stands and what is wrong with it; null where there is none.</value>
    public string? FirstFault { get; init; }

    /// <value>All that were read.</value>
    [System.Text.Json.Serialization.JsonIgnore]
    public long Read => Trained + HeldOut + PassedOver;

    /// <value>All that were passed over.</value>
    [System.Text.Json.Serialization.JsonIgnore]
    public long PassedOver => Empty + WithoutText + NotUtf8;

    /// <summary>The counts of several shards in one.</summary>
    public static DocumentCounts Sum(IReadOnlyCollection<DocumentCounts> counts) => new()
    {
        Trained = counts.Sum(each => each.Trained),
        HeldOut = counts.Sum(each => each.HeldOut),
        Empty = counts.Sum(each => each.Empty),
        WithoutText = counts.Sum(each => each.WithoutText),
        NotUtf8 = counts.Sum(each => each.NotUtf8),
        LongerThanRow = counts.Sum(each => each.LongerThanRow),
        FirstFault = counts.Select(each => each.FirstFault).FirstOrDefault(fault => fault is not null),
    };

    /// <summary>"3 empty, 2 without text, 1 not UTF-8 (the first: …)", the kinds that there are; empty where none was passed over.</summary>
    public string DescribePassedOver()
    {
        var kinds = new[] { (Empty, "empty"), (WithoutText, "without text"), (NotUtf8, "not UTF-8") };
        var words = string.Join(", ", kinds.Where(kind => kind.Item1 > 0).Select(kind => $"{kind.Item1:N0} {kind.Item2}"));
        return FirstFault is null ? words : $"{words} (the first: {FirstFault})";
    }
}
