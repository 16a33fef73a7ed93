namespace Distil.Core.Models;

/// <summary>The number of a student's parameters, computed from its shape alone (method.md §2).</summary>
/// <param name="Trainable">The block stack and its final norm.</param>
/// <param name="Frozen">Embedding and head, counted separately, as they are stored.</param>
public sealed record StudentParameters(long Trainable, long Frozen)
{
    /// <value>All parameters.</value>
    public long Total => Trainable + Frozen;

    /// <summary>Computes the counts.</summary>
    public static StudentParameters Of(StudentShape shape)
    {
        long slstmBlocks = shape.SlstmAt.Count;
        var trainable = (slstmBlocks * Slstm(shape)) + ((shape.Blocks - slstmBlocks) * Mlstm(shape)) + shape.Width;
        return new StudentParameters(trainable, 2L * shape.VocabularySize * shape.Width);
    }

    private static long Slstm(StudentShape shape)
    {
        long d = shape.Width;
        var convolution = (d * shape.ConvKernel) + d;
        var gates = 4 * d * d / shape.Heads;        // i, f, z, o: a DH × DH matrix for each head
        var recurrent = (4 * d * d / shape.Heads) + (4 * d);
        var norms = 3 * d;                          // before the layer, over its heads, before the feed-forward
        var feedForward = 3 * d * shape.FeedForwardWidth;
        return convolution + gates + recurrent + norms + feedForward;
    }

    private static long Mlstm(StudentShape shape)
    {
        long d = shape.Width, inner = shape.InnerWidth;
        var projections = (2 * d * inner) + (inner * d);
        var convolution = (inner * shape.ConvKernel) + inner;
        var qkv = 3 * inner * shape.QkvBlockSize;
        var gates = 2 * ((3 * inner * shape.Heads) + shape.Heads);
        return d + projections + convolution + qkv + gates + (2 * inner); // norm and skip weights
    }
}
