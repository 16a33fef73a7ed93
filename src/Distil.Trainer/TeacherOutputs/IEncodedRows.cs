namespace Distil.Trainer.TeacherOutputs;

/// <summary>A batch of rows in the file's format, not yet written.</summary>
internal interface IEncodedRows : IDisposable
{
    /// <value>Number of rows.</value>
    int Count { get; }

    /// <summary>Counts of a row's kept tokens.</summary>
    /// <param name="row">From 0.</param>
    KeptTokens KeptOf(int row);

    /// <summary>The index entry of a row that begins at an offset.</summary>
    RowEntry Entry(int row, long offset);

    /// <summary>A row's kept tokens and tails.</summary>
    ReadOnlySpan<byte> SparseOf(int row);

    /// <summary>A row's hidden states, in the header's form; in the file they follow the kept tokens.</summary>
    ReadOnlySpan<byte> HiddenOf(int row);
}
