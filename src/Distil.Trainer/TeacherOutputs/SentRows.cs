using System.Buffers;
using System.Buffers.Binary;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>Encoded rows as one process sends them to another.</summary>
/// <remarks>Little-endian: the number of rows; for each row its index entry (with offset 0), its counts of kept tokens and the number of its bytes; then the
/// bytes of all rows.</remarks>
internal sealed class SentRows : IEncodedRows
{
    private const int Fixed = 4, PerRow = RowEntry.Size + 8 + 4 + 4;

    private readonly byte[] _content;
    private readonly int[] _starts;

    /// <param name="content">What <see cref="Send"/> sent, in an array of the shared pool; returned to it by <see cref="Dispose"/>.</param>
    internal SentRows(byte[] content)
    {
        _content = content;
        _starts = new int[BinaryPrimitives.ReadInt32LittleEndian(content) + 1];
        _starts[0] = Fixed + (Count * PerRow);
        for (var row = 0; row < Count; row++)
        {
            _starts[row + 1] = _starts[row] + BinaryPrimitives.ReadInt32LittleEndian(HeadOf(row)[(RowEntry.Size + 12)..]);
        }
    }

    /// <inheritdoc />
    public int Count => _starts.Length - 1;

    /// <summary>Sends rows.</summary>
    internal static void Send(IEncodedRows rows, Action<ReadOnlyMemory<byte>> send)
    {
        var lengths = Enumerable.Range(0, rows.Count).Select(row => rows.SparseOf(row).Length + rows.HiddenOf(row).Length).ToArray();
        var length = Fixed + (rows.Count * PerRow) + lengths.Sum();
        var content = ArrayPool<byte>.Shared.Rent(length);
        BinaryPrimitives.WriteInt32LittleEndian(content, rows.Count);
        var rest = content.AsSpan(Fixed + (rows.Count * PerRow));
        for (var row = 0; row < rows.Count; row++)
        {
            var head = content.AsSpan(Fixed + (row * PerRow), PerRow);
            rows.Entry(row, 0).Write(head);
            BinaryPrimitives.WriteInt64LittleEndian(head[RowEntry.Size..], rows.KeptOf(row).Tokens);
            BinaryPrimitives.WriteInt32LittleEndian(head[(RowEntry.Size + 8)..], rows.KeptOf(row).Capped);
            BinaryPrimitives.WriteInt32LittleEndian(head[(RowEntry.Size + 12)..], lengths[row]);
            var sparse = rows.SparseOf(row);
            sparse.CopyTo(rest);
            rows.HiddenOf(row).CopyTo(rest[sparse.Length..]);
            rest = rest[lengths[row]..];
        }

        send(content.AsMemory(0, length));
        ArrayPool<byte>.Shared.Return(content);
    }

    /// <inheritdoc />
    public KeptTokens KeptOf(int row)
    {
        var head = HeadOf(row);
        var entry = RowEntry.Read(head);
        return new(
            entry.Positions, BinaryPrimitives.ReadInt64LittleEndian(head[RowEntry.Size..]), entry.MaxKept,
            BinaryPrimitives.ReadInt32LittleEndian(head[(RowEntry.Size + 8)..]));
    }

    /// <inheritdoc />
    public RowEntry Entry(int row, long offset) => Sent(row) with { Offset = offset };

    /// <inheritdoc />
    public ReadOnlySpan<byte> SparseOf(int row) => _content.AsSpan(_starts[row], Sent(row).SparseBytes);

    /// <inheritdoc />
    public ReadOnlySpan<byte> HiddenOf(int row) => _content.AsSpan(_starts[row].._starts[row + 1])[Sent(row).SparseBytes..];

    /// <inheritdoc />
    public void Dispose() => ArrayPool<byte>.Shared.Return(_content);

    private RowEntry Sent(int row) => RowEntry.Read(HeadOf(row));

    private ReadOnlySpan<byte> HeadOf(int row) => _content.AsSpan(Fixed + (row * PerRow), PerRow);
}
