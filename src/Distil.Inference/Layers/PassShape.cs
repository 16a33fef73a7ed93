using Distil.Inference.Models;

namespace Distil.Inference.Layers;

/// <summary>Sizes of the memory that the blocks of a student share during a pass.</summary>
/// <param name="Width">D.</param>
/// <param name="Up">Values of a row after the widest projection up.</param>
/// <param name="Inner">Values of a row inside a block.</param>
/// <param name="Joined">Values of q, k and v of a row, or of the recurrent gates.</param>
/// <param name="Gates">Values of the scalar gates of a row.</param>
internal sealed record PassShape(int Width, int Up, int Inner, int Joined, int Gates)
{
    /// <summary>The sizes that a student needs.</summary>
    internal static PassShape Of(XlstmConfig config)
    {
        var (inner, feedForward) = (config.MlstmInnerWidth, config.FeedForwardWidth);
        return new(
            config.Width, Math.Max(2 * Math.Max(inner, feedForward), 4 * config.Width), Math.Max(Math.Max(inner, feedForward), config.Width),
            Math.Max(3 * inner, 4 * config.Width), 2 * config.MlstmHeads);
    }
}
