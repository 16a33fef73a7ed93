using Distil.Core.Artifacts;
using Distil.Core.Sources;
using Distil.Core.Specification;
using static System.FormattableString;

namespace Distil.Core.Runs;

/// <summary>Finds where a run did less than its specification and plan asked for, or read its text otherwise than was probably meant.</summary>
public static class Shortfalls
{
    /// <summary>Documents of fewer tokens on average are probably parts of documents.</summary>
    private const long ShortDocument = 48;

    /// <summary>Averages of fewer documents say nothing.</summary>
    private const long EnoughDocuments = 50;

    /// <summary>A plan estimates tokens from bytes; a text with fewer than this share of them surprises.</summary>
    private const double FarBelow = 0.5;

    /// <summary>One sentence for each; empty if all was done.</summary>
    /// <param name="spec">The specification.</param>
    /// <param name="planned">What the plan found; null in runs of earlier versions.</param>
    /// <param name="dataset">What was read.</param>
    public static IReadOnlyList<string> Of(RunSpec spec, PlannedText? planned, DatasetManifest dataset) =>
        [.. Tokens(spec.Dataset, planned, dataset), .. Shards(dataset), .. Documents(spec.Dataset, dataset), .. Files(planned)];

    private static IEnumerable<string> Tokens(DatasetSpec spec, PlannedText? planned, DatasetManifest dataset)
    {
        var made = dataset.TrainTokens;
        if (spec.MaxTokens is { } max)
        {
            // A conversation is not cut, so that a shard may end before the last one that would fit in part.
            var uncut = spec.Chat is null ? 0 : spec.ContextLength;
            if (made + (long)uncut * dataset.Shards.Count < max)
            {
                yield return Invariant($"dataset.maxTokens is {max:N0}, and the run trained on {made:N0} tokens: {Reason(max, uncut, planned, dataset)}");
            }
        }
        else if (planned is not null && made < FarBelow * planned.Tokens * (1 - spec.EvalFraction))
        {
            yield return Invariant($"the plan estimated {planned.Tokens:N0} tokens from the bytes of the sources, and the text has {made:N0}");
        }
    }

    private static string Reason(long max, int uncut, PlannedText? planned, DatasetManifest dataset)
    {
        var full = dataset.Shards.Count(shard => shard.Train is { } train && train.Tokens + uncut >= max / dataset.Shards.Count);
        return planned is { } text && text.FilesRead < text.Files
                ? Invariant($"{text.FilesRead:N0} of {text.Files:N0} files were read, because their bytes promised more text; a larger maxTokens reads more files")
            : full > 0 ? Invariant($"{dataset.Shards.Count - full:N0} of {dataset.Shards.Count:N0} shards have less text than their part of these tokens")
            : "the sources have no more text to train on";
    }

    private static IEnumerable<string> Shards(DatasetManifest dataset)
    {
        var empty = dataset.Shards.Count(shard => shard.Train is null);
        if (empty > 0)
        {
            yield return Invariant($"{empty:N0} of {dataset.Shards.Count:N0} shards have no row to train on");
        }
    }

    private static IEnumerable<string> Documents(DatasetSpec spec, DatasetManifest dataset)
    {
        var counts = dataset.Counts;
        if (counts.PassedOver > (spec.Format == DatasetFormat.Text ? counts.Empty : 0)) // blank lines of a text are no documents
        {
            yield return Invariant($"{counts.PassedOver:N0} of {counts.Read:N0} documents were passed over: {counts.DescribePassedOver()}");
        }

        var documents = counts.Trained + counts.HeldOut;
        var tokens = dataset.TrainTokens + dataset.EvalTokens;
        if (spec is { Format: DatasetFormat.Text, DocumentSeparator: "\n" } && documents >= EnoughDocuments && tokens < documents * ShortDocument)
        {
            yield return Invariant(
                $"a document has {tokens / documents:N0} tokens on average, because each line is one; if documents take several lines, set dataset.documentSeparator");
        }
    }

    private static IEnumerable<string> Files(PlannedText? planned)
    {
        if (planned is { OtherFiles: > 0 and var files })
        {
            yield return Invariant($"{files:N0} {(files == 1 ? "file" : "files")} of other formats in the sources' folders not read (the first: {planned.FirstOther})");
        }
    }
}
