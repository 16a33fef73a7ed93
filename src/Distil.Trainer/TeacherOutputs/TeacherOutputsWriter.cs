using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>Writes one shard's teacher outputs row by row; never more than a batch is in memory. The file appears when it is complete.</summary>
/// <remarks>
/// Layout, little-endian: magic, version, header length, header (JSON), its CRC-32C; each row's bits, then its hidden states (float16); an
/// index entry a row; the end: rows, the index's offset, its CRC-32C, magic.
/// </remarks>
public sealed class TeacherOutputsWriter : IDisposable
{
    internal const int Version = 1, BeginningSize = 16, EndSize = 24;
    internal static ReadOnlySpan<byte> Magic => "DISTILTO"u8;
    internal static ReadOnlySpan<byte> EndMagic => "DTOE"u8;

    private readonly string _path;
    private readonly TeacherOutputsHeader _header;
    private readonly PositionCodec _codec;
    private readonly FileStream _stream;
    private readonly List<RowEntry> _index = [];
    private long _offset;

    /// <summary>Begins a file beside its final name.</summary>
    public TeacherOutputsWriter(string path, TeacherOutputsHeader header)
    {
        (_path, _header, _codec) = (path, header, new(header));
        _stream = new(PartialPath, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        var json = JsonSerializer.SerializeToUtf8Bytes(header, TeacherOutputsHeader.Json);
        var bytes = new byte[BeginningSize + json.Length + 4];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), json.Length);
        json.CopyTo(bytes, BeginningSize);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(^4), Checksum.Of(json));
        Write(bytes);
    }

    private string PartialPath => _path + ".partial";

    /// <summary>Appends a batch of rows.</summary>
    /// <param name="targets">Of whole rows of the header's context length.</param>
    /// <param name="lengths">Real positions of each row; empty where all are. Only those are stored.</param>
    public void Append(TeacherTargets targets, ReadOnlySpan<int> lengths = default)
    {
        using var scope = NewDisposeScope();
        var (positions, rows) = (_header.ContextLength, (int)(targets.TokenIds.shape[0] / _header.ContextLength));
        if (!targets.InverseTemperatures.SequenceEqual(_header.InverseTemperatures) || targets.MeanHidden is null != (_header.HiddenSize == 0))
            throw new ArgumentException("the targets' temperatures or hidden states are not those of the file's header", nameof(targets));
        var batch = new RowBatch(targets);
        int[] real = lengths.IsEmpty ? [.. Enumerable.Repeat(positions, rows)] : lengths.ToArray();
        var blocks = new (byte[] Bytes, int SparseBytes, int MostKept)[rows];
        Parallel.For(0, rows, row => blocks[row] = Encode(batch, row, real[row]));
        for (var row = 0; row < rows; row++)
        {
            var (bytes, sparseBytes, mostKept) = blocks[row];
            _index.Add(new(_offset, sparseBytes, real[row], mostKept, Checksum.Of(bytes)));
            Write(bytes);
        }
    }

    /// <summary>Writes the index and gives the file its name.</summary>
    public void Complete()
    {
        var bytes = new byte[_index.Count * RowEntry.Size + EndSize];
        foreach (var (row, entry) in _index.Index())
            entry.Write(bytes.AsSpan(row * RowEntry.Size));
        var end = bytes.AsSpan(_index.Count * RowEntry.Size);
        BinaryPrimitives.WriteInt64LittleEndian(end, _index.Count);
        BinaryPrimitives.WriteInt64LittleEndian(end[8..], _offset);
        BinaryPrimitives.WriteUInt32LittleEndian(end[16..], Checksum.Of(bytes.AsSpan(0, bytes.Length - EndSize)));
        EndMagic.CopyTo(end[20..]);
        Write(bytes);
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        File.Move(PartialPath, _path, overwrite: true);
    }

    /// <summary>Closes the file; one that is not complete is deleted.</summary>
    public void Dispose()
    {
        _stream.Dispose();
        File.Delete(PartialPath);
    }

    private (byte[] Bytes, int SparseBytes, int MostKept) Encode(RowBatch batch, int row, int real)
    {
        var bits = new BitWriter();
        var mostKept = 0;
        for (var position = row * _header.ContextLength; position < row * _header.ContextLength + real; position++)
        {
            var kept = batch.KeptLog.AsSpan(position * batch.Slots, batch.Slots).IndexOf(float.NegativeInfinity);
            kept = kept < 0 ? batch.Slots : kept;
            mostKept = Math.Max(mostKept, kept);
            _codec.Encode(
                bits, batch.Ids.AsSpan(position * batch.Slots, kept), batch.KeptLog.AsSpan(position * batch.Slots, kept),
                batch.Tail.AsSpan(position * batch.Nodes, batch.Nodes));
        }

        bits.Flush();
        var width = _header.HiddenSize * sizeof(ushort);
        var hidden = batch.Hidden.AsSpan(row * _header.ContextLength * width, real * width);
        return ([.. bits.Written, .. hidden], bits.Written.Length, mostKept);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        _stream.Write(bytes);
        _offset += bytes.Length;
    }

    /// <summary>A batch's tensors as arrays; ids and log-probabilities are sorted in place.</summary>
    private sealed class RowBatch(TeacherTargets targets)
    {
        internal readonly int Slots = (int)targets.TokenIds.shape[1], Nodes = targets.InverseTemperatures.Count;
        internal readonly long[] Ids = targets.TokenIds.data<long>().ToArray();
        internal readonly float[] KeptLog = targets.LogProbabilities.data<float>().ToArray();
        internal readonly float[] Tail = targets.TailLogSumExp.data<float>().ToArray();
        internal readonly byte[] Hidden = targets.MeanHidden is null
            ? [] : TeacherTargets.AsHalf(targets.MeanHidden).cpu().contiguous().bytes.ToArray();
    }
}
