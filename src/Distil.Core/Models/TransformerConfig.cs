using System.Text.Json.Serialization;

namespace Distil.Core.Models;

/// <summary>The shape of a decoder-only Transformer of the families <c>qwen2</c>, <c>qwen3</c> and <c>llama</c>.</summary>
public sealed record TransformerConfig
{
    /// <value>The family; it determines which layers have biases and norms.</value>
    public required TransformerFamily Family { get; init; }

    /// <value>V.</value>
    public required int VocabularySize { get; init; }

    /// <value>D, the model width.</value>
    public required int HiddenSize { get; init; }

    /// <value>Width of the feed-forward network.</value>
    public required int IntermediateSize { get; init; }

    /// <value>Number of layers.</value>
    public required int Layers { get; init; }

    /// <value>NH, query heads.</value>
    public required int Heads { get; init; }

    /// <value>Number of key and value heads; divides <see cref="Heads"/>.</value>
    public required int KeyValueHeads { get; init; }

    /// <value>DH, the width of a head; even. It is not always D / NH.</value>
    public required int HeadSize { get; init; }

    /// <value>Longest context that the model was trained for, in tokens.</value>
    public required int MaxPositions { get; init; }

    /// <value>Added to the mean square in every RMSNorm. Default 1e-6.</value>
    public double NormEpsilon { get; init; } = 1e-6;

    /// <value>Base of the rotary embedding's wavelengths. Default 10,000.</value>
    public double RopeTheta { get; init; } = 10_000;

    /// <value>Llama 3's scaling of the rotary embedding; null for none.</value>
    public Llama3Scaling? RopeScaling { get; init; }

    /// <value>Whether the head shares the embedding's weights. Default false, as in Hugging Face.</value>
    public bool TiedHead { get; init; }

    /// <value>Whether q, k and v have biases: always in qwen2; in the others if <c>attention_bias</c> is true.</value>
    public bool QueryKeyValueBias { get; init; }

    /// <value>Whether the attention's output has a bias: never in qwen2; in the others if <c>attention_bias</c> is true.</value>
    public bool OutputBias { get; init; }

    /// <value>Whether the feed-forward network has biases; llama only.</value>
    public bool FeedForwardBias { get; init; }

    /// <value>Whether queries and keys are normalised per head; qwen3 only.</value>
    [JsonIgnore]
    public bool QueryKeyNorm => Family == TransformerFamily.Qwen3;

    /// <value>Number of weights of layers and norms.</value>
    [JsonIgnore]
    public long BodyParameters
    {
        get
        {
            long d = HiddenSize, queries = (long)Heads * HeadSize, shared = (long)KeyValueHeads * HeadSize, inner = IntermediateSize;
            var attention = (2 * d * queries) + (2 * d * shared) + (QueryKeyNorm ? 2 * HeadSize : 0)
                + (QueryKeyValueBias ? queries + (2 * shared) : 0) + (OutputBias ? d : 0);
            var feedForward = (3 * d * inner) + (FeedForwardBias ? (2 * inner) + d : 0);
            return (Layers * (attention + feedForward + (2 * d))) + d;
        }
    }

    /// <value>Number of weights of embedding and head; shared ones count once.</value>
    [JsonIgnore]
    public long VocabularyParameters => (TiedHead ? 1L : 2L) * VocabularySize * HiddenSize;

    /// <value>Number of all weights.</value>
    [JsonIgnore]
    public long Parameters => BodyParameters + VocabularyParameters;
}

/// <summary>The supported families of Transformers.</summary>
public enum TransformerFamily
{
    /// <summary>Qwen2 and Qwen2.5.</summary>
    Qwen2,

    /// <summary>Qwen3, dense.</summary>
    Qwen3,

    /// <summary>Llama 2 and 3.x, SmolLM2.</summary>
    Llama,
}

/// <summary>How Llama 3.1 and later scale long wavelengths (<c>rope_type: llama3</c>).</summary>
/// <param name="Factor">Factor by which long wavelengths are multiplied.</param>
/// <param name="LowFrequencyFactor">Wavelengths above the original context divided by this are scaled in full.</param>
/// <param name="HighFrequencyFactor">Wavelengths below the original context divided by this are not scaled; larger than
/// <paramref name="LowFrequencyFactor"/>.</param>
/// <param name="OriginalMaxPositions">The context before scaling, in tokens.</param>
public sealed record Llama3Scaling(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalMaxPositions);
