using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Distil.Core.Specification;

/// <summary>The text, and how it becomes rows of tokens.</summary>
public sealed record DatasetSpec
{
    /// <value>Files, folders or globs to train on: local, <c>hf://datasets/owner/name[@revision][/path]</c> or <c>https://…</c>.</value>
    [MinLength(1)]
    public required IReadOnlyList<string> Sources { get; init; }

    /// <value>Files held out for evaluation. If empty (default), a share of the documents is held out, see <see cref="EvalFraction"/>.</value>
    public IReadOnlyList<string> EvalSources { get; init; } = [];

    /// <value>Text (one document per line, or see <see cref="DocumentSeparator"/>), jsonl ({"text"} or {"ids"} per line), parquet (one document per row); text and jsonl uncompressed, .gz or .zst.
    /// Default text.</value>
    public DatasetFormat Format { get; init; } = DatasetFormat.Text;

    /// <value>What ends a document of format text: "\n" (default) a line end, "\n\n" one or more blank lines, "" the end of the file, or any other text,
    /// which is not part of the document. With another value than "\n", files are not cut into shards.</value>
    public string DocumentSeparator { get; init; } = "\n";

    /// <value>The JSONL field or Parquet column that contains a document. Default "text".</value>
    [MinLength(1)]
    public string TextField { get; init; } = "text";

    /// <value>Reads rows of jsonl or parquet as conversations instead of text. Default: absent, a document is a text.</value>
    public ChatSpec? Chat { get; init; }

    /// <value>Whether teacher and students read the documents (conversations) of a row apart from each other: attention, state and positions begin anew in each,
    /// and its first token does not count. Default false: what follows in a row is read after what is before it.</value>
    [AddedLater]
    public bool IsolateDocuments { get; init; }

    /// <value>Tokens in a row, ≥ 8. Default 512, the paper's.</value>
    [Range(8.0, double.PositiveInfinity)]
    public int ContextLength { get; init; } = 512;

    /// <value>Target number of tokens in a shard (a shard is one prepare job and one teach job). Default 16,777,216.</value>
    [Range(8.0, double.PositiveInfinity)]
    public long ShardTokens { get; init; } = 16_777_216;

    /// <value>Share of documents held out for evaluation if there are no evalSources. 0–0.5, default 0.01.</value>
    [Range(0.0, 0.5)]
    public double EvalFraction { get; init; } = 0.01;

    /// <value>Maximum number of training tokens. Default: no limit.</value>
    [Range(1.0, double.PositiveInfinity)]
    public long? MaxTokens { get; init; }

    /// <value>Whether a document is a line (or a row), so that a file can be read from its middle.</value>
    [JsonIgnore]
    public bool HasLines => Format != DatasetFormat.Text || DocumentSeparator == "\n";
}

/// <summary>The format of documents in a source.</summary>
public enum DatasetFormat
{
    /// <summary>UTF-8, one document per line or between two separators.</summary>
    Text,

    /// <summary>One JSON object per line.</summary>
    Jsonl,

    /// <summary>One document per row, in one column; row groups are read one at a time.</summary>
    Parquet,
}
