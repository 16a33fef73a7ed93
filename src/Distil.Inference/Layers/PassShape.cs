using Distil.Core.Models;
using Distil.Inference.Layers.Linearised;
using Distil.Inference.Models;

namespace Distil.Inference.Layers;

/// <summary>Sizes of the memory that the layers of a student share during a pass, in values of a row.</summary>
/// <param name="Width">D.</param>
/// <param name="Up">After the widest projection up.</param>
/// <param name="Convolved">A convolution, or features of queries and keys.</param>
/// <param name="Joined">q, k and v, or the recurrent gates.</param>
/// <param name="Gates">The scalar gates.</param>
/// <param name="Mixed">What a projection down reads.</param>
/// <param name="Angles">Cosines and sines of the rotary embedding.</param>
internal sealed record PassShape(int Width, int Up, int Convolved, int Joined, int Gates, int Mixed, int Angles)
{
    /// <summary>The sizes that the paper's student needs.</summary>
    internal static PassShape Of(XlstmConfig config)
    {
        var (inner, feedForward) = (config.MlstmInnerWidth, config.FeedForwardWidth);
        var widest = Math.Max(Math.Max(inner, feedForward), config.Width);
        return new(
            config.Width, Math.Max(2 * Math.Max(inner, feedForward), 4 * config.Width), widest, Math.Max(3 * inner, 4 * config.Width),
            2 * config.MlstmHeads, widest, 0);
    }

    /// <summary>The sizes that a linearised student needs.</summary>
    internal static PassShape Of(LinearisedShape shape)
    {
        var (config, heads) = (shape.Transformer, HeadLayout.Of(shape.Transformer));
        return new(
            config.HiddenSize, Math.Max(heads.Projected + heads.Units, 2 * config.IntermediateSize), MixedLayer.FeatureLength(shape), heads.Length,
            2 * config.Heads, Math.Max(heads.Units, config.IntermediateSize), Rotary.LengthOf(config));
    }
}
