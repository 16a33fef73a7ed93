using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Ranks;

/// <summary>A group of GPUs of one host, by NCCL. Sums are queued on torch's stream: nothing here waits for a GPU.</summary>
internal sealed unsafe class NcclGroup : IRankGroup
{
    private const int SumOperation = 0;

    private readonly RankWatch _watch;
    private IntPtr _communicator;

    /// <summary>Joins the group, and waits for the others to join it.</summary>
    /// <param name="id">The group's address, from <see cref="NewId"/> of process 0.</param>
    /// <param name="rank">This process's number.</param>
    /// <param name="count">Number of processes.</param>
    /// <param name="watch">If a process ends, the sums that wait for it on the GPU are ended.</param>
    internal NcclGroup(ReadOnlySpan<byte> id, int rank, int count, RankWatch watch)
    {
        (Rank, Count, _watch) = (rank, count, watch);
        using (var started = zeros(1, device: CUDA)) // torch creates the GPU's context
        {
        }

        Nccl.UniqueId address = default;
        id.CopyTo(new Span<byte>(address.Bytes, Nccl.UniqueIdBytes));
        IntPtr communicator;
        Nccl.Check(Nccl.CommInitRank(&communicator, count, address, rank), $"process {rank} of {count} cannot join the group");
        _communicator = communicator;
        watch.OnLoss(Abort);
    }

    /// <inheritdoc />
    public int Rank { get; }

    /// <inheritdoc />
    public int Count { get; }

    /// <summary>Creates the address of a new group.</summary>
    /// <exception cref="Distil.Core.Errors.InvalidInputException">NCCL is missing.</exception>
    internal static byte[] NewId()
    {
        Nccl.Require();
        Nccl.UniqueId id;
        Nccl.Check(Nccl.GetUniqueId(&id), "no address for a group");
        return new ReadOnlySpan<byte>(id.Bytes, Nccl.UniqueIdBytes).ToArray();
    }

    /// <inheritdoc />
    public void Sum(params IReadOnlyList<Tensor> values) => Queue(nameof(Sum), values, (_, each, address) => Nccl.AllReduce(
        address, address, (nuint)each.numel(), TypeOf(each), SumOperation, _communicator, IntPtr.Zero));

    /// <inheritdoc />
    public void SumTo(IReadOnlyList<int> owners, IReadOnlyList<Tensor> values) => Queue(nameof(SumTo), values, (i, each, address) => Nccl.Reduce(
        address, address, (nuint)each.numel(), TypeOf(each), SumOperation, owners[i], _communicator, IntPtr.Zero));

    /// <inheritdoc />
    public void Broadcast(IReadOnlyList<int> owners, IReadOnlyList<Tensor> values) => Queue(nameof(Broadcast), values, (i, each, address) => Nccl.Broadcast(
        address, address, (nuint)each.numel(), TypeOf(each), owners[i], _communicator, IntPtr.Zero));

    /// <inheritdoc />
    public void ThrowIfLost() => _watch.ThrowIfLost();

    /// <inheritdoc />
    public void Dispose() => Abort();

    /// <summary>Queues a call for each tensor, all as one of NCCL's groups: one launch.</summary>
    private void Queue(string what, IReadOnlyList<Tensor> values, Func<int, Tensor, IntPtr, int> call)
    {
        if (values.FirstOrDefault(each => !each.is_contiguous() || each.device_type != TorchSharp.DeviceType.CUDA) is { } other)
        {
            throw new ArgumentException($"{other} is not contiguous on a GPU", nameof(values));
        }

        _watch.ThrowIfLost();
        ObjectDisposedException.ThrowIf(_communicator == IntPtr.Zero, this);
        Nccl.Check(Nccl.GroupStart(), what);
        var end = 0;
        try
        {
            foreach (var (i, each) in values.Index())
            {
                Nccl.Check(call(i, each, (IntPtr)TensorMemory.Address(each)), what);
            }
        }
        finally
        {
            end = Nccl.GroupEnd();
        }

        Nccl.Check(end, what);
    }

    /// <summary>Frees the communicator, beside a call that another thread is in: a call or a sum on the GPU that waits for another process ends.</summary>
    private void Abort()
    {
        var communicator = Interlocked.Exchange(ref _communicator, IntPtr.Zero);
        if (communicator != IntPtr.Zero)
        {
            _ = Nccl.CommAbort(communicator); // nothing can be done about a failure
        }
    }

    private static Nccl.DataType TypeOf(Tensor values) => values.dtype switch
    {
        ScalarType.Float32 => Nccl.DataType.Float32,
        ScalarType.Float64 => Nccl.DataType.Float64,
        ScalarType.BFloat16 => Nccl.DataType.BFloat16,
        var other => throw new ArgumentException($"{other} cannot be summed over GPUs", nameof(values)),
    };
}
