namespace Distil.Core.Models;

/// <summary>The number of a linearised student's parameters and the size of its state, computed from its shape alone.</summary>
/// <param name="Body">Inherited weights of layers and norms.</param>
/// <param name="Vocabulary">Inherited weights of embedding and head; shared ones count once.</param>
/// <param name="New">Weights of the memories, their gates and the mix with the window.</param>
/// <param name="MemoryStateBytes">State of the memories of one sequence, float32.</param>
/// <param name="WindowStateValues">Numbers in the window's keys and values of one sequence.</param>
public sealed record LinearisedParameters(long Body, long Vocabulary, long New, long MemoryStateBytes, long WindowStateValues)
{
    /// <value>All inherited weights.</value>
    public long Inherited => Body + Vocabulary;

    /// <value>All weights.</value>
    public long Total => Inherited + New;

    /// <summary>Bytes of the state of one sequence, which do not grow with its length; kept layers have a cache besides.</summary>
    /// <param name="windowValueBytes">Bytes of a number in the window: 4, or 2 in bfloat16.</param>
    public long StateBytes(int windowValueBytes) => MemoryStateBytes + (windowValueBytes * WindowStateValues);

    /// <summary>Divides the weights into trained and frozen ones.</summary>
    /// <param name="trainEmbedding">Whether embedding and head are trained.</param>
    public StudentParameters Divide(bool trainEmbedding) =>
        new(Body + New + (trainEmbedding ? Vocabulary : 0), trainEmbedding ? 0 : Vocabulary);

    /// <summary>Computes the numbers.</summary>
    public static LinearisedParameters Of(LinearisedShape shape)
    {
        var config = shape.Transformer;
        long layers = shape.ReplacedLayers, heads = config.Heads, d = config.HeadSize, width = config.HiddenSize;
        var features = 2 * heads * d * d;
        var gates = 2 * heads * (width + 1);
        var mix = shape.Window > 0 ? heads * ((3 * d) + 1) : 0;
        var output = shape.OutputGate ? heads * d * (width + 1) : 0;
        var state = heads * ((shape.FeatureSize * d) + shape.FeatureSize + 1);
        var window = shape.Window > 0 ? 2L * config.KeyValueHeads * d * (shape.Window + shape.Sinks) : 0;
        return new LinearisedParameters(
            config.BodyParameters, config.VocabularyParameters, layers * (features + gates + mix + output), layers * state * sizeof(float), layers * window);
    }
}
