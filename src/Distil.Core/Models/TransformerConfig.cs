using System.Text.Json.Serialization;
using Distil.Core.Models.Folders;

namespace Distil.Core.Models;

/// <summary>The shape of a decoder-only Transformer of a supported family.</summary>
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

    /// <value>Scaling of the rotary embedding; null for none.</value>
    [JsonIgnore]
    public RotaryScaling? RopeScaling { get; init; }

    // A linearised student's document contains its teacher's shape: of all kinds of scaling, it may have this one.
    [JsonInclude]
    [JsonPropertyName("ropeScaling")]
    private Llama3Scaling? StoredScaling
    {
        get => RopeScaling as Llama3Scaling;
        init => RopeScaling = value ?? RopeScaling;
    }

    /// <value>What the model computes beyond the layers that all families share.</value>
    [JsonIgnore]
    public TransformerForm Form { get; init; } = new();

    /// <value>Whether the head shares the embedding's weights. Default false, as in Hugging Face.</value>
    public bool TiedHead { get; init; }

    /// <value>Whether q, k and v have biases: as the family's <see cref="BiasRule"/> says.</value>
    public bool QueryKeyValueBias { get; init; }

    /// <value>Whether the attention's output has a bias: as the family's <see cref="BiasRule"/> says.</value>
    public bool OutputBias { get; init; }

    /// <value>Whether the feed-forward network has biases: <c>mlp_bias</c>, if the family reads it.</value>
    public bool FeedForwardBias { get; init; }

    /// <value>Factor of the attention's scores in addition to 1/√DH; exactly 1 if the two differ by rounding alone.</value>
    [JsonIgnore]
    public double RelativeScoreScale =>
        Form.ScoreScale is { } scale && scale * Math.Sqrt(HeadSize) is var relative && Math.Abs(relative - 1) > 1e-12 ? relative : 1;

    /// <value>The family's traits.</value>
    [JsonIgnore]
    public FamilyTraits Traits => Family.Traits();

    /// <value>Whether queries and keys are normalised per head.</value>
    [JsonIgnore]
    public bool QueryKeyNorm => Traits.HeadNorms == HeadNorms.Head;

    /// <value>The rotary embedding of layers without a window.</value>
    [JsonIgnore]
    public RotaryForm Rotary => new(RopeTheta, Form.RotatedWidth ?? HeadSize, RopeScaling);

    /// <summary>A layer's rotary embedding; null for none.</summary>
    public RotaryForm? RotaryOf(int layer) =>
        Form.UnrotatedLayers?.Contains(layer) == true ? null : WindowOf(layer) > 0 ? Form.WindowRotary ?? Rotary : Rotary;

    /// <summary>A layer's window, in tokens; 0 for none.</summary>
    public int WindowOf(int layer) => Form.Windows?[layer] ?? 0;

    /// <summary>Whether a layer's feed-forward network consists of experts.</summary>
    public bool HasExperts(int layer) => Form.Experts?.Layers.Contains(layer) == true;

    /// <value>Number of weights of layers and norms.</value>
    [JsonIgnore]
    public long BodyParameters => TransformerTensors.Of(this).Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => product * size)) - VocabularyParameters;

    /// <value>Number of weights of embedding and head; shared ones count once.</value>
    [JsonIgnore]
    public long VocabularyParameters => (TiedHead ? 1L : 2L) * VocabularySize * HiddenSize;

    /// <value>Number of all weights.</value>
    [JsonIgnore]
    public long Parameters => BodyParameters + VocabularyParameters;
}
