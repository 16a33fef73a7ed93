using Distil.Inference.Cuda;

namespace Distil.Inference.CudaEngines;

/// <summary>The memory that the kernels of a step share. Rows that a product reads are a multiple of 64 long, and 0 behind their last value.</summary>
internal sealed class Workspace : IDisposable
{
    /// <summary>Parts of the vocabulary in which the best token is looked for at once.</summary>
    internal const int Parts = 128;

    /// <summary>Steps whose tokens are kept until the host reads them.</summary>
    internal const int MaxSteps = 64;

    private readonly CudaCard _card;
    private readonly int _rows;
    private readonly List<DeviceBuffer> _buffers = [];

    internal Workspace(CudaCard card, WorkspaceShape shape, int rows)
    {
        (_card, _rows) = (card, rows);
        (Stride, MixedStride, UpStride) = ((shape.Width + 63) / 64 * 64, (shape.Mixed + 63) / 64 * 64, shape.Up);
        try
        {
            (Stream, Normed, Up, Mixed) = (Floats(Stride), Floats(Stride), Floats(UpStride), Floats(MixedStride));
            (Convolved, Joined, Gates, Read) = (Floats(shape.Convolved), Floats(shape.Joined), Floats(shape.Gates), Floats(shape.Read));
            (Logits, Best, BestToken) = (Floats(shape.VocabularySize), Floats(Parts), Floats(Parts));
            (Positions, Angles, Shares, Attended) = (Floats(1), Floats(2 * shape.Pairs), Floats(shape.Shares), Floats(shape.Attended));
            (Tokens, Chosen, Fed, Step) = (Buffer(1), Floats(MaxSteps), Buffer(MaxSteps), Floats(1));
        }
        catch
        {
            Dispose(); // of what there was room for
            throw;
        }
    }

    /// <value>The residual stream, (rows, <see cref="Stride"/>).</value>
    internal long Stream { get; }

    /// <value>A norm of the stream, (rows, <see cref="Stride"/>).</value>
    internal long Normed { get; }

    /// <value>D, rounded up to 64.</value>
    internal int Stride { get; }

    /// <value>A projection up, (rows, <see cref="UpStride"/>).</value>
    internal long Up { get; }

    /// <value>Values of a row of <see cref="Up"/>.</value>
    internal int UpStride { get; }

    /// <value>What a projection down reads, (rows, <see cref="MixedStride"/>).</value>
    internal long Mixed { get; }

    /// <value>Values of a row of <see cref="Mixed"/>.</value>
    internal int MixedStride { get; }

    /// <value>A convolution, (rows, I or D), or features of queries and keys, (rows, 2, NH, dφ).</value>
    internal long Convolved { get; }

    /// <value>q, k and v, (rows, 3·I), the gates of an sLSTM, (rows, 4·D), or rotated queries and values, (rows, (NH + KVH)·DH).</value>
    internal long Joined { get; }

    /// <value>The gates of an mLSTM, (rows, 2·NH), or their parts, (rows, <see cref="DeviceMLstmLayer.Spans"/>, 2·NH).</value>
    internal long Gates { get; }

    /// <value>What the queries read, (rows, I or NH·DH).</value>
    internal long Read { get; }

    /// <value>Positions of the rows in their sequences, (rows), 32-bit.</value>
    internal long Positions { get; }

    /// <value>Cosines, then sines, of the rotary embedding, (rows, DH).</value>
    internal long Angles { get; }

    /// <value>How much of each head is the memory's, (rows, NH).</value>
    internal long Shares { get; }

    /// <value>Parts of the attention, (rows, NH, parts, DH + 2).</value>
    internal long Attended { get; }

    /// <value>(rows, V).</value>
    internal long Logits { get; }

    /// <value>The largest logit of each part of the vocabulary, (rows, <see cref="Parts"/>).</value>
    internal long Best { get; }

    /// <value>The tokens of <see cref="Best"/>, 32-bit.</value>
    internal long BestToken { get; }

    /// <value>The tokens that the step reads, then those that it chooses, (rows), 32-bit.</value>
    internal DeviceBuffer Tokens { get; }

    /// <value>The chosen tokens, (steps, rows), 32-bit.</value>
    internal long Chosen { get; }

    /// <value>Tokens of the host that several steps read, (steps, rows), 32-bit.</value>
    internal DeviceBuffer Fed { get; }

    /// <value>Number of steps since the host set it to 0, 32-bit.</value>
    internal long Step { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var buffer in _buffers)
        {
            buffer.Dispose();
        }
    }

    private long Floats(int width) => Buffer(width).Address;

    private DeviceBuffer Buffer(int width)
    {
        var buffer = new DeviceBuffer(_card, Math.Max(1, (long)_rows * width) * sizeof(float));
        _buffers.Add(buffer);
        return buffer;
    }
}
