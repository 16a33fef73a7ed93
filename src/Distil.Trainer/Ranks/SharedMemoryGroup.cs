using System.IO.MemoryMappedFiles;
using System.Numerics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Distil.Trainer.Ranks;

/// <summary>A group on the CPU: sums over a memory-mapped file, always in the order of the processes. It proves the protocol; it is not made for speed.</summary>
/// <remarks>The file has a counter of steps for each process, 64 bytes apart, and after them a piece of values for each.</remarks>
internal sealed unsafe class SharedMemoryGroup : IRankGroup
{
    private const int CounterBytes = 64, PieceBytes = 1 << 20;

    private readonly RankWatch _watch;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private long _step;

    /// <param name="path">The file, shared by the processes; created by the first that opens it.</param>
    /// <param name="rank">This process's number.</param>
    /// <param name="count">Number of processes.</param>
    /// <param name="watch">Ends a wait for a process that has ended.</param>
    internal SharedMemoryGroup(string path, int rank, int count, RankWatch watch)
    {
        (Rank, Count, _watch) = (rank, count, watch);
        var bytes = (long)count * (CounterBytes + PieceBytes);
        using (var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            stream.SetLength(bytes);
        }

        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, bytes);
        _view = _file.CreateViewAccessor(0, bytes);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
    }

    /// <inheritdoc />
    public int Rank { get; }

    /// <inheritdoc />
    public int Count { get; }

    /// <inheritdoc />
    public void Sum(params IReadOnlyList<Tensor> values)
    {
        foreach (var each in values)
        {
            Sum(each, Rank);
        }
    }

    /// <inheritdoc />
    public void SumTo(IReadOnlyList<int> owners, IReadOnlyList<Tensor> values)
    {
        foreach (var (owner, each) in owners.Zip(values))
        {
            Sum(each, owner);
        }
    }

    /// <inheritdoc />
    public void Broadcast(IReadOnlyList<int> owners, IReadOnlyList<Tensor> values)
    {
        foreach (var (owner, each) in owners.Zip(values))
        {
            Broadcast(each, owner);
        }
    }

    /// <inheritdoc />
    public void ThrowIfLost() => _watch.ThrowIfLost();

    /// <inheritdoc />
    public void Dispose()
    {
        if (!_view.SafeMemoryMappedViewHandle.IsClosed)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        _view.Dispose();
        _file.Dispose();
    }

    /// <param name="values">Values to add up.</param>
    /// <param name="owner">The process that gets the sum; in a sum for all, each says itself.</param>
    private void Sum(Tensor values, int owner) => InPieces(values, own =>
    {
        own.CopyTo(Piece(Rank, own.Length));
        Meet();
        for (var rank = 0; rank < Count && owner == Rank; rank++)
        {
            if (rank == 0)
            {
                Piece(0, own.Length).CopyTo(own);
            }
            else
            {
                Add(own, Piece(rank, own.Length), values.dtype);
            }
        }

        Meet();
    });

    private void Broadcast(Tensor values, int owner) => InPieces(values, own =>
    {
        if (Rank == owner)
        {
            own.CopyTo(Piece(owner, own.Length));
        }

        Meet();
        Piece(owner, own.Length).CopyTo(own);
        Meet();
    });

    private static void Add(Span<byte> sums, Span<byte> values, ScalarType type)
    {
        if (type == ScalarType.Float64)
        {
            Add<double>(sums, values);
        }
        else
        {
            Add<float>(sums, values);
        }
    }

    private static void Add<T>(Span<byte> sums, ReadOnlySpan<byte> values)
        where T : unmanaged, IAdditionOperators<T, T, T>
    {
        var into = MemoryMarshal.Cast<byte, T>(sums);
        var from = MemoryMarshal.Cast<byte, T>(values);
        var wide = MemoryMarshal.Cast<T, Vector<T>>(into);
        var wideFrom = MemoryMarshal.Cast<T, Vector<T>>(from);
        for (var i = 0; i < wide.Length; i++)
        {
            wide[i] += wideFrom[i];
        }

        for (var i = wide.Length * Vector<T>.Count; i < into.Length; i++)
        {
            into[i] += from[i];
        }
    }

    private static void InPieces(Tensor values, SpanAction action)
    {
        if (!values.is_contiguous() || values.device_type != TorchSharp.DeviceType.CPU)
        {
            throw new ArgumentException($"{values} is not contiguous on the CPU", nameof(values));
        }

        var bytes = values.bytes;
        for (var from = 0; from < bytes.Length; from += PieceBytes)
        {
            action(bytes.Slice(from, Math.Min(PieceBytes, bytes.Length - from)));
        }
    }

    private delegate void SpanAction(Span<byte> own);

    private Span<byte> Piece(int rank, int length) => new(_start + ((long)Count * CounterBytes) + ((long)rank * PieceBytes), length);

    /// <summary>Waits until every process has come to the same step.</summary>
    private void Meet()
    {
        _step++;
        Volatile.Write(ref Counter(Rank), _step);
        for (var rank = 0; rank < Count; rank++)
        {
            for (var spin = new SpinWait(); Volatile.Read(ref Counter(rank)) < _step; spin.SpinOnce())
            {
                _watch.ThrowIfLost();
            }
        }
    }

    private ref long Counter(int rank) => ref *(long*)(_start + ((long)rank * CounterBytes));
}
