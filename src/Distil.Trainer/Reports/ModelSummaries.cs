using Distil.Core.Artifacts;
namespace Distil.Trainer.Reports;

/// <summary>The teacher of a run.</summary>
public sealed record TeacherSummary
{
    /// <value>Where it was read from.</value>
    public required string Path { get; init; }

    /// <value>config.json's model_type.</value>
    public required string Architecture { get; init; }

    /// <value>Layers.</value>
    public required int Layers { get; init; }

    /// <value>D, the model width.</value>
    public required int HiddenSize { get; init; }

    /// <value>Attention heads.</value>
    public required int Heads { get; init; }

    /// <value>V, the vocabulary that teacher and student share.</value>
    public required int VocabularySize { get; init; }

    /// <value>The longest context it can hold, in tokens; null where its config names none.</value>
    public int? MaxContext { get; init; }

    /// <value>Weights, each counted once.</value>
    public required long Parameters { get; init; }
}

/// <summary>The student of a run.</summary>
public sealed record StudentSummary
{
    /// <value>Each block in order, <c>sLSTM</c> or <c>mLSTM</c>.</value>
    public required IReadOnlyList<string> Blocks { get; init; }

    /// <value>Heads.</value>
    public required int Heads { get; init; }

    /// <value>Weights that training changed: blocks and final norm.</value>
    public required long TrainableParameters { get; init; }

    /// <value>Weights copied from the teacher and kept: embedding and head.</value>
    public required long FrozenParameters { get; init; }
}

/// <summary>The text of a run.</summary>
public sealed record DatasetSummary
{
    /// <value>Content address.</value>
    public required string DatasetId { get; init; }

    /// <value>Documents trained on or held out.</value>
    public required long Documents { get; init; }

    /// <value>What became of all that were read.</value>
    public DocumentCounts Counts { get; init; } = new();

    /// <value>Shards.</value>
    public required int Shards { get; init; }

    /// <value>Tokens in a row.</value>
    public required int ContextLength { get; init; }

    /// <value>Rows trained on.</value>
    public required long TrainRows { get; init; }

    /// <value>Real tokens in them.</value>
    public required long TrainTokens { get; init; }

    /// <value>Rows held out.</value>
    public required long EvalRows { get; init; }

    /// <value>Real tokens in them.</value>
    public required long EvalTokens { get; init; }
}

/// <summary>Where a run ran.</summary>
public sealed record MachineSummary
{
    /// <value>Operating system.</value>
    public required string OperatingSystem { get; init; }

    /// <value>The processor that torch used: the CPU's or the GPU's name.</value>
    public required string Device { get; init; }

    /// <value>CPU cores that the process may use.</value>
    public required int Cores { get; init; }

    /// <value>Memory that the process may use, in bytes.</value>
    public required long MemoryBytes { get; init; }

    /// <value>Distil, .NET and torch: name and version.</value>
    public required IReadOnlyDictionary<string, string> Versions { get; init; }
}
