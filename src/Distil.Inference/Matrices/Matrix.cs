namespace Distil.Inference.Matrices;

/// <summary>A matrix of weights, (rows, columns), in a format of its own.</summary>
internal abstract unsafe class Matrix(int rows, int columns) : IDisposable
{
    /// <summary>Columns are processed in blocks of this size; inputs are readable up to a multiple of it, and finite there.</summary>
    internal const int Block = 32;

    /// <value>Number of outputs.</value>
    internal int Rows => rows;

    /// <value>Number of inputs.</value>
    internal int Columns => columns;

    /// <value>Bytes that a product reads.</value>
    internal abstract long Bytes { get; }

    /// <value>Its memory.</value>
    internal abstract BlockStorage Storage { get; }

    /// <value>Floats that an input takes once it is prepared; 0 if products read inputs as they are.</value>
    internal virtual int PreparedLength => 0;

    /// <value>Blocks in a row.</value>
    protected int Blocks => BlocksOf(columns);

    /// <summary>Brings inputs into the form that products read, if it is another.</summary>
    /// <param name="x">(count, columns).</param>
    /// <param name="prepared">(count, <see cref="PreparedLength"/>).</param>
    /// <param name="count">Number of inputs.</param>
    internal virtual void Prepare(RowBlock x, RowBlock prepared, int count) => throw new InvalidOperationException("inputs are read as they are");

    /// <summary>y[r, n] = Σₖ W[n, k] · x[r, k].</summary>
    /// <remarks>The order of the additions depends on nothing but the number of columns: a row has the same bits alone and among others.</remarks>
    /// <param name="x">(count, columns), prepared if <see cref="PreparedLength"/> is not 0.</param>
    /// <param name="y">(count, rows).</param>
    /// <param name="count">Number of input rows.</param>
    /// <param name="from">First n.</param>
    /// <param name="to">Last n, exclusive.</param>
    internal abstract void Multiply(RowBlock x, RowBlock y, int count, int from, int to);

    /// <summary>Number of blocks that hold some columns.</summary>
    internal static int BlocksOf(int columns) => (columns + Block - 1) / Block;

    /// <inheritdoc/>
    public abstract void Dispose();
}
