using Distil.Core;
using static TorchSharp.torch;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>A batch of rows in the file's format, not yet written: bits in pooled buffers.</summary>
/// <param name="header">The file's header.</param>
/// <param name="hidden">(B, S, bytes of a state) on the host, disposed with this; null if none are stored.</param>
/// <param name="rows">B.</param>
internal sealed class EncodedRows(TeacherOutputsHeader header, Tensor? hidden, int rows) : IEncodedRows
{
    private readonly Row[] _rows = new Row[rows];

    /// <inheritdoc />
    public int Count => _rows.Length;

    /// <summary>Sets a row. Several threads may set different rows at once.</summary>
    /// <param name="row">From 0.</param>
    /// <param name="bits">Its kept tokens and tails, flushed; disposed with this.</param>
    /// <param name="kept">Counts of the kept tokens.</param>
    internal void Set(int row, BitWriter bits, KeptTokens kept) => _rows[row] = new(bits, kept, Crc32C.Of(bits.Written, HiddenOf(row, kept.Positions)));

    /// <inheritdoc />
    public KeptTokens KeptOf(int row) => _rows[row].Kept;

    /// <inheritdoc />
    public RowEntry Entry(int row, long offset) => new(offset, SparseOf(row).Length, KeptOf(row).Positions, KeptOf(row).Most, _rows[row].Checksum);

    /// <inheritdoc />
    public ReadOnlySpan<byte> SparseOf(int row) => _rows[row].Bits.Written;

    /// <inheritdoc />
    public ReadOnlySpan<byte> HiddenOf(int row) => HiddenOf(row, KeptOf(row).Positions);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var row in _rows)
        {
            row.Bits?.Dispose();
        }
        hidden?.Dispose();
    }

    /// <summary>Hidden states of a row's first positions, in the header's form.</summary>
    internal Span<byte> HiddenOf(int row, int positions)
    {
        var width = header.HiddenBytes;
        return hidden is null ? default : hidden.bytes.Slice(row * header.ContextLength * width, positions * width);
    }

    private readonly record struct Row(BitWriter Bits, KeptTokens Kept, uint Checksum);
}
