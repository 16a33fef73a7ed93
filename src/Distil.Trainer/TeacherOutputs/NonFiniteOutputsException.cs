namespace Distil.Trainer.TeacherOutputs;

/// <summary>A teacher's output is infinite or not a number.</summary>
/// <param name="row">The row of the batch or file, from 0.</param>
/// <param name="position">The position in the row, from 0.</param>
/// <param name="what">What is not finite.</param>
internal sealed class NonFiniteOutputsException(long row, int position, string what) : Exception($"row {row}, position {position}: {what}")
{
    /// <value>The row of the batch or file, from 0.</value>
    public long Row => row;

    /// <summary>The same error in a file of which the batch is a part.</summary>
    /// <param name="first">The batch's first row in the file.</param>
    public NonFiniteOutputsException After(long first) => new(first + row, position, what);
}
