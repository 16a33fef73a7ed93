namespace Distil.Trainer.Models.Xlstm.SLstm.Cell;

/// <summary>Sizes of a scan: heads NH, batch rows B, positions S, units per head DH.</summary>
internal readonly record struct SLstmScanShape(int Heads, int Batch, int Length, int Size)
{
    /// <summary>Batch rows that one thread processes together, so that R is read once for all of them.</summary>
    internal const int RowsTogether = 4;

    /// <summary>Values that the forward scan saves for the backward scan, per unit and position: i', f', tanh z, σ(o), σ(−f), c, n.</summary>
    internal const int Kept = 7;

    private int Groups => (Batch + RowsTogether - 1) / RowsTogether;

    /// <value>Number of independent pieces of work.</value>
    internal int Pieces => Heads * Groups;

    internal (int Head, int FirstRow) Piece(int index) => (index / Groups, index % Groups * RowsTogether);

    /// <summary>The batch row of a lane. Lanes past the batch repeat its last row and write the same values to the same place.</summary>
    internal int Row(int firstRow, int lane) => Math.Min(firstRow + lane, Batch - 1);
}
