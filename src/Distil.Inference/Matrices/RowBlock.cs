namespace Distil.Inference.Matrices;

/// <summary>Rows of floats in native memory: the inputs or the outputs of a product.</summary>
/// <param name="start">The first row's first value.</param>
/// <param name="stride">Values from one row to the next.</param>
internal readonly unsafe struct RowBlock(float* start, int stride)
{
    /// <value>The first row's first value.</value>
    internal float* Start => start;

    /// <value>Values from one row to the next.</value>
    internal int Stride => stride;

    /// <summary>Address of a row.</summary>
    internal float* this[int row] => start + (long)row * stride;

    /// <summary>The same rows from a later column on.</summary>
    internal RowBlock From(int column) => new(start + column, stride);
}
