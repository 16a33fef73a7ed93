using Distil.Inference.Matrices;
using Distil.Inference.Numerics;
using Distil.Inference.Parallelism;

namespace Distil.Inference.Layers;

/// <summary>The rows that go through the blocks together, and the memory for them.</summary>
/// <remarks>A row is one token of one sequence. Rows of a sequence follow each other and are consecutive positions: a piece of a prompt, or one token.</remarks>
internal sealed unsafe class Pass : IDisposable
{
    private readonly List<FloatBuffer> _buffers = [];
    private readonly nint[] _states;
    private readonly int[] _starts;
    private readonly long[] _positions;
    private readonly AttentionCache?[] _caches;

    /// <param name="shape">Sizes of a row.</param>
    /// <param name="rows">Maximum number of rows.</param>
    /// <param name="team">Threads that share the work.</param>
    internal Pass(PassShape shape, int rows, WorkerTeam team)
    {
        (MaxRows, Team, Product) = (rows, team, new(team));
        (_states, _starts, _positions, _caches) = (new nint[rows], new int[rows + 1], new long[rows], new AttentionCache?[rows]);
        Stream = Rows(shape.Width);
        Normed = Rows(shape.Width);
        Up = Rows(shape.Up);
        Convolved = Rows(shape.Convolved);
        Joined = Rows(shape.Joined);
        Gates = Rows(shape.Gates);
        Mixed = Rows(shape.Mixed);
        Angles = Rows(shape.Angles);
    }

    /// <value>Maximum number of rows.</value>
    internal int MaxRows { get; }

    /// <value>Threads that share the work.</value>
    internal WorkerTeam Team { get; }

    /// <value>Products on these threads.</value>
    internal MatrixProduct Product { get; }

    /// <value>The residual stream, (rows, D).</value>
    internal RowBlock Stream { get; }

    /// <value>A norm of the stream, (rows, D).</value>
    internal RowBlock Normed { get; }

    /// <value>A projection up.</value>
    internal RowBlock Up { get; }

    /// <value>A convolution; features of queries and keys.</value>
    internal RowBlock Convolved { get; }

    /// <value>q, k and v; recurrent gates.</value>
    internal RowBlock Joined { get; }

    /// <value>The scalar gates.</value>
    internal RowBlock Gates { get; }

    /// <value>What a projection down reads.</value>
    internal RowBlock Mixed { get; }

    /// <value>Cosines and sines of the rotary embedding.</value>
    internal RowBlock Angles { get; }

    /// <value>Number of rows.</value>
    internal int Count { get; private set; }

    /// <value>Number of sequences.</value>
    internal int Sequences { get; private set; }

    /// <summary>Removes all rows.</summary>
    internal void Clear() => (Count, Sequences) = (0, 0);

    /// <summary>Adds a row.</summary>
    /// <param name="state">The sequence's state; equal to the last row's if the row continues it.</param>
    /// <param name="position">Its position in the sequence, from 0.</param>
    /// <param name="cache">The sequence's cache, with room for the position; null if no layer keeps attention.</param>
    /// <returns>Its index.</returns>
    internal int Add(float* state, long position, AttentionCache? cache)
    {
        if (Sequences == 0 || _states[Sequences - 1] != (nint)state)
        {
            (_states[Sequences], _starts[Sequences], _caches[Sequences]) = ((nint)state, Count, cache);
            Sequences++;
        }

        _positions[Count] = position;
        Count++;
        _starts[Sequences] = Count;
        return Count - 1;
    }

    /// <summary>A sequence's state.</summary>
    internal float* State(int sequence) => (float*)_states[sequence];

    /// <summary>A sequence's cache.</summary>
    internal AttentionCache Cache(int sequence) => _caches[sequence]!;

    /// <summary>A row's position in its sequence, from 0.</summary>
    internal long Position(int row) => _positions[row];

    /// <summary>A sequence's first row.</summary>
    internal int FirstRow(int sequence) => _starts[sequence];

    /// <summary>A sequence's last row, exclusive.</summary>
    internal int EndRow(int sequence) => _starts[sequence + 1];

    /// <inheritdoc/>
    public void Dispose()
    {
        Product.Dispose();
        foreach (var buffer in _buffers)
        {
            buffer.Dispose();
        }
    }

    // A row ends with a block of zeros that nothing writes: products read to the end of a block, also of a part of a row.
    private RowBlock Rows(int width)
    {
        var stride = (Matrix.BlocksOf(width) + 1) * Matrix.Block;
        var buffer = new FloatBuffer((long)MaxRows * stride);
        _buffers.Add(buffer);
        return new(buffer.Start, stride);
    }
}
