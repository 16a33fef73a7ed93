using Distil.Core.Models;
using Distil.Inference.Layers.Linearised;
using Distil.Inference.Models;

namespace Distil.Inference.CudaEngines;

/// <summary>Sizes of the memory that the kernels of a step share, in floats of a row.</summary>
/// <param name="VocabularySize">V.</param>
/// <param name="Width">D.</param>
/// <param name="Up">After a projection up.</param>
/// <param name="Mixed">What a projection down reads, at most.</param>
/// <param name="Convolved">A convolution; features of queries and keys.</param>
/// <param name="Joined">q, k and v; recurrent gates.</param>
/// <param name="Gates">The scalar gates, or their parts.</param>
/// <param name="Read">What the queries read of a memory.</param>
/// <param name="Pairs">Pairs of values that the rotary embedding rotates; 0 without one.</param>
/// <param name="Shares">How much of each head is the memory's; 0 for the paper's student.</param>
/// <param name="Attended">Parts of the attention of each head; 0 if there is none.</param>
internal sealed record WorkspaceShape(
    int VocabularySize, int Width, int Up, int Mixed, int Convolved, int Joined, int Gates, int Read, int Pairs = 0, int Shares = 0, int Attended = 0)
{
    /// <summary>The sizes that the paper's student needs.</summary>
    internal static WorkspaceShape Of(XlstmConfig config)
    {
        var (inner, mixed) = (config.MlstmInnerWidth, Math.Max(config.MlstmInnerWidth, config.FeedForwardWidth));
        return new(
            config.VocabularySize, config.Width, 2 * mixed, mixed, Math.Max(inner, config.Width), Math.Max(3 * inner, 4 * config.Width),
            DeviceMLstmLayer.Spans(config) * 2 * config.MlstmHeads, inner);
    }

    /// <summary>The sizes that a linearised student needs.</summary>
    internal static WorkspaceShape Of(LinearisedShape shape)
    {
        var (config, heads) = (shape.Transformer, HeadLayout.Of(shape.Transformer));
        return new(
            config.VocabularySize, config.HiddenSize, heads.Projected + heads.Units, Math.Max(heads.Units, config.IntermediateSize),
            2 * config.Heads * shape.FeatureSize, (heads.Heads + heads.KeyValueHeads) * heads.Size, 2 * config.Heads, heads.Units, heads.Size / 2, config.Heads,
            config.Heads * DeviceMixerLayer.MostParts(shape) * (heads.Size + 2));
    }
}
