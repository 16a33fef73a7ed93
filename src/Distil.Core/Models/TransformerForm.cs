namespace Distil.Core.Models;

/// <summary>What a model computes beyond the layers that all families share; the defaults are those of Llama. Values are of one model, from its
/// config.json.</summary>
public sealed record TransformerForm
{
    /// <value>W of each layer: a query sees its own position and the W − 1 before it; 0 for all before it. Null if all layers see all.</value>
    public ValueList<int>? Windows { get; init; }

    /// <value>Layers without a rotary embedding, ascending; null for none.</value>
    public ValueList<int>? UnrotatedLayers { get; init; }

    /// <value>The first units of a head that are rotated; null for all.</value>
    public int? RotatedWidth { get; init; }

    /// <value>The rotary embedding of layers with a window; null if it is that of the others.</value>
    public RotaryForm? WindowRotary { get; init; }

    /// <value>Growth of the queries with their position; null for none.</value>
    public QueryGrowth? QueryGrowth { get; init; }

    /// <value>Factor of the attention's scores; null for 1/√DH.</value>
    public double? ScoreScale { get; init; }

    /// <value>c of scores c · tanh(score / c); null for none.</value>
    public double? ScoreCap { get; init; }

    /// <value>c of logits c · tanh(logit / c); null for none.</value>
    public double? LogitCap { get; init; }

    /// <value>Number by which logits are divided, before <see cref="LogitCap"/>.</value>
    public double LogitDivisor { get; init; } = 1;

    /// <value>Factor of the embedding.</value>
    public double EmbeddingFactor { get; init; } = 1;

    /// <value>Factor of what attention and feed-forward network add to the stream.</value>
    public double ResidualFactor { get; init; } = 1;

    /// <value>The layers whose feed-forward network consists of experts; null for none.</value>
    public ExpertLayers? Experts { get; init; }
}

/// <summary>Queries are multiplied by 1 + β · ln(1 + ⌊position / context⌋) (Ministral 3's <c>llama_4_scaling_beta</c>).</summary>
/// <param name="Beta">β.</param>
/// <param name="Context">The context before scaling, in tokens.</param>
public sealed record QueryGrowth(double Beta, int Context);

/// <summary>Layers with experts: each token goes to the experts of highest probability.</summary>
/// <param name="Layers">Their indices, ascending.</param>
/// <param name="Count">Experts of a layer.</param>
/// <param name="PerToken">Experts that a token goes to.</param>
/// <param name="IntermediateSize">Width of an expert.</param>
/// <param name="Normalised">Whether the probabilities of a token's experts are divided by their sum.</param>
public sealed record ExpertLayers(ValueList<int> Layers, int Count, int PerToken, int IntermediateSize, bool Normalised);
