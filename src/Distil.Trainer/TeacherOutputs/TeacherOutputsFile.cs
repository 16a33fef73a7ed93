using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Distil.Core;
using Distil.Core.Errors;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>One shard's teacher outputs, read row by row from a memory-mapped file. A checksum covers every byte and is verified when the byte is
/// used.</summary>
public sealed unsafe partial class TeacherOutputsFile : IDisposable
{
    private readonly string _path;
    private readonly MemoryMappedFile _mapping;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _bytes;
    private readonly RowEntry[] _index;
    private readonly PositionCodec _codec;
    private readonly HiddenCodec _hidden;

    private TeacherOutputsFile(string path, MemoryMappedFile mapping, long size)
    {
        (_path, _mapping) = (path, mapping);
        _view = mapping.CreateViewAccessor(0, size, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _bytes);
        try
        {
            Header = ReadHeader(size);
            _index = ReadIndex(size);
        }
        catch
        {
            Dispose();
            throw;
        }

        (_codec, _hidden) = (new(Header), new(Header.HiddenForm, Header.HiddenSize));
    }

    /// <value>The file's header.</value>
    public TeacherOutputsHeader Header { get; }

    /// <value>Number of rows in the file.</value>
    public long Rows => _index.Length;

    /// <value>Path of the file.</value>
    internal string Path => _path;

    /// <summary>Number of positions of a row whose outputs the file has.</summary>
    internal long PositionsOf(long row) => _index[row].Positions;

    /// <value>Number of positions in the file.</value>
    public long Tokens => _index.Sum(row => (long)row.Positions);

    /// <value>Mean number of bytes for the kept tokens and tail of a position; NaN in a file without tokens.</value>
    public double SparseBytesPerToken => _index.Sum(row => (double)row.SparseBytes) / Tokens;

    /// <value>Bytes for the mean hidden state of a position; 0 if none is stored.</value>
    public double HiddenBytesPerToken => Header.HiddenBytes;

    /// <summary>Opens a file and verifies its beginning, header and index.</summary>
    /// <exception cref="InvalidInputException">The file is missing, no file of teacher outputs, of another version, truncated or changed.</exception>
    public static TeacherOutputsFile Open(string path)
    {
        var size = File.Exists(path)
            ? new FileInfo(path).Length
            : throw new InvalidInputException($"{path}: there is no such file; expected teacher outputs");
        if (size < TeacherOutputsWriter.BeginningSize + TeacherOutputsWriter.EndSize)
        {
            throw new InvalidInputException($"{path}: {size} bytes are too few for teacher outputs; the file is cut short");
        }
        var mapping = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        return new(path, mapping, size);
    }

    /// <summary>Reads the targets of some rows, in the given order.</summary>
    /// <param name="rows">Each from 0 to <see cref="Rows"/> − 1.</param>
    /// <param name="device">Device of the returned tensors.</param>
    /// <returns>Targets with B = the number of rows and K = the largest number of tokens kept at one of their positions, in ascending order of id;
    /// then the draws.</returns>
    /// <exception cref="InvalidInputException">A row's bytes have changed.</exception>
    public TeacherTargets ReadRows(ReadOnlySpan<long> rows, Device device)
    {
        using var scope = NewDisposeScope();
        var asked = rows.ToArray();
        var (positions, draws, nodes) = (Header.ContextLength, Header.TailDraws, Header.InverseTemperatures.Count);
        var slots = asked.Max(row => Math.Max(1, _index[row].MaxKept)) + draws;
        var count = (long)asked.Length * positions;
        var (ids, kept, tail) = (empty([count, slots], ScalarType.Int64), empty([count, slots], ScalarType.Float32), empty([count, nodes], ScalarType.Float32));
        var counts = empty([count, draws], ScalarType.Float32);
        var hidden = Header.HiddenSize == 0 ? null : empty([asked.Length, positions, Header.HiddenSize], ScalarType.Float16);
        try
        {
            Parallel.For(0, asked.Length, i => Decode(
                asked[i], Part<long>(ids, i, positions * slots), Part<float>(kept, i, positions * slots), Part<float>(tail, i, positions * nodes),
                Part<float>(counts, i, positions * draws),
                hidden is null ? [] : Part<Half>(hidden, i, positions * Header.HiddenSize)));
        }
        catch (AggregateException error) when (error.InnerException is InvalidDataException wrong)
        {
            throw Bad($"{wrong.Message}; the file was changed");
        }

        return new(
            ids.ToDevice(device).MoveToOuterDisposeScope(), kept.ToDevice(device).MoveToOuterDisposeScope(), tail.ToDevice(device).MoveToOuterDisposeScope(),
            Header.InverseTemperatures, hidden?.ToDevice(device).to(ScalarType.Float32).MoveToOuterDisposeScope())
        {
            Draws = draws == 0 ? null : counts.ToDevice(device).MoveToOuterDisposeScope(),
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _mapping.Dispose();
    }

    private static Span<T> Part<T>(Tensor tensor, int part, int length)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(tensor.bytes).Slice(part * length, length);

    /// <summary>Verifies a row and fills its part of a batch, padding included.</summary>
    private void Decode(long row, Span<long> ids, Span<float> kept, Span<float> tail, Span<float> counts, Span<Half> hidden)
    {
        var entry = _index[row];
        var bytes = At(entry.Offset, BlockSize(entry));
        if (Crc32C.Of(bytes) is var checksum && checksum != entry.Checksum)
        {
            throw new InvalidDataException($"row {row} has checksum {checksum:x8}, its index entry says {entry.Checksum:x8}");
        }
        var (positions, draws, nodes) = (Header.ContextLength, Header.TailDraws, Header.InverseTemperatures.Count);
        var slots = ids.Length / positions;
        var bits = new BitReader(bytes[..entry.SparseBytes]);
        for (var i = 0; i < entry.Positions; i++)
        {
            _codec.Decode(ref bits, ids.Slice(i * slots, slots), kept.Slice(i * slots, slots), tail.Slice(i * nodes, nodes), counts.Slice(i * draws, draws));
        }
        ids[(entry.Positions * slots)..].Clear();
        kept[(entry.Positions * slots)..].Fill(float.NegativeInfinity);
        tail[(entry.Positions * nodes)..].Fill(float.NegativeInfinity);
        counts[(entry.Positions * draws)..].Clear();
        for (var i = entry.Positions; i < positions; i++)
        {
            kept[i * slots] = 0;
        }
        var states = bytes[entry.SparseBytes..];
        _hidden.Decode(states, hidden);
        hidden[(entry.Positions * Header.HiddenSize)..].Clear();
    }

    private int BlockSize(RowEntry entry) => entry.SparseBytes + entry.Positions * Header.HiddenBytes;

    private ReadOnlySpan<byte> At(long offset, int length) => new(_bytes + offset, length);

    private InvalidInputException Bad(string what) => new($"{_path}: {what}");
}
