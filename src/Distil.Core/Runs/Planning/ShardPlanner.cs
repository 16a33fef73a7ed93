using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Planning;

/// <summary>Cuts a dataset into shards by the lengths of its files alone, so that planning reads no text.</summary>
public static class ShardPlanner
{
    /// <summary>
    /// With maxTokens, a shard has this many times the text that its tokens should need. Files beyond that are left out, so that a run on a part of a large
    /// corpus need not name (or fetch, or fingerprint) all of it. The factor is generous: half of the documents may be held out, and text may have long
    /// tokens.
    /// </summary>
    private const double Reserve = 8;

    /// <summary>Plans shards of equal bytes, each of about <c>dataset.shardTokens</c> training tokens or a little less.</summary>
    /// <param name="files">The text; files that are also in <paramref name="evalFiles"/> are left out.</param>
    /// <param name="evalFiles">The held-out text.</param>
    /// <param name="dataset">The specification of the dataset.</param>
    /// <remarks>
    /// With <c>maxTokens</c>, the text is cut into as few shards as these tokens need, and each shard stops after its equal part of them: this samples the
    /// whole text, and no job is planned for text that is never used. Compressed files are not cut, so their shards are as large as the files.
    /// </remarks>
    /// <exception cref="InvalidInputException">There is no text, or all of it is held out.</exception>
    public static IReadOnlyList<ShardSource> Plan(IReadOnlyList<SourceFile> files, IReadOnlyList<SourceFile> evalFiles, DatasetSpec dataset)
    {
        files = [.. files.ExceptBy(evalFiles.Select(file => file.Path), file => file.Path, StringComparer.Ordinal)];
        RejectEmpty(files, dataset.Sources, SpecPaths.Sources);
        if (dataset.EvalSources.Count > 0)
        {
            RejectEmpty(evalFiles, dataset.EvalSources, SpecPaths.EvalSources);
        }

        var pieces = files.Select(file => new Piece(file, 0, file.Bytes, TextDensity.BytesPerToken(file))).ToList();
        var wanted = Math.Min(pieces.Sum(piece => piece.Tokens), dataset.MaxTokens ?? long.MaxValue);
        var count = (int)Math.Max(1, Math.Ceiling(wanted / dataset.ShardTokens));
        var bytes = files.Sum(file => file.Bytes);
        var cuts = Enumerable.Range(0, count)
            .Select(shard => Slice(pieces, Part(bytes, shard, count), Part(bytes, shard + 1, count), dataset))
            .Where(slice => slice.Count > 0)
            .ToList();
        return [.. cuts.Select((slice, shard) => Shard(shard, cuts.Count, slice, evalFiles, dataset))];
    }

    private static ShardSource Shard(int shard, int count, List<Piece> pieces, IReadOnlyList<SourceFile> evalFiles, DatasetSpec dataset)
    {
        long? most = dataset.MaxTokens is { } max ? Part(max, shard + 1, count) - Part(max, shard, count) : null;
        var tokens = 0.0;
        var kept = pieces.Select(piece => most is null ? piece : piece.Measured(dataset))
            .TakeWhile(piece => (tokens += piece.Tokens) - piece.Tokens < Reserve * (most ?? double.PositiveInfinity)).ToList();
        return new ShardSource
        {
            Index = shard,
            Ranges = [.. kept.Select(piece => piece.Range)],
            EvalRanges = shard == 0 ? [.. evalFiles.Select(file => new Piece(file, 0, file.Bytes, 1).Range)] : [],
            EstimatedTokens = Math.Min((long)Math.Round(kept.Sum(piece => piece.Tokens)), most ?? long.MaxValue),
            MaxTokens = most,
        };
    }

    private static void RejectEmpty(IReadOnlyList<SourceFile> files, IReadOnlyList<string> sources, FieldPath field)
    {
        if (files.Sum(file => file.Bytes) == 0)
        {
            throw new InvalidInputException(field, $"{string.Join(", ", sources)}: no text to read; expected at least one document");
        }
    }

    /// <summary>Returns the part [from, to) of the concatenated files; a file that cannot be cut belongs as a whole to the part with its first byte.</summary>
    private static List<Piece> Slice(List<Piece> files, long from, long to, DatasetSpec dataset)
    {
        var slice = new List<Piece>();
        long offset = 0;
        foreach (var whole in files)
        {
            var (start, end) = whole.File.Compression == Compression.None && dataset.HasLines
                ? (Math.Max(from - offset, 0), Math.Min(to - offset, whole.End))
                : offset >= from && offset < to ? (0, whole.End) : (0, 0);
            if (start < end)
            {
                slice.Add(whole with { Start = start, End = end });
            }

            offset += whole.End;
        }

        return slice;
    }

    private static long Part(long total, int index, int count) => (long)((Int128)total * index / count);

    private sealed record Piece(SourceFile File, long Start, long End, double BytesPerToken)
    {
        public double Tokens => (End - Start) / BytesPerToken;

        public SourceRange Range => SourceRange.Of(File, Start, End);

        /// <summary>With fewer tokens if the file's first lines show that the reserve would not suffice: little of them is text.</summary>
        public Piece Measured(DatasetSpec dataset) => JsonlDensity.BytesPerTextByte(File, dataset) is { } share && share > Reserve / 2
            ? this with { BytesPerToken = BytesPerToken * share }
            : this;
    }
}
