using Distil.Core.Jobs;
using Distil.Inference.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Distil.Trainer.Torch;

/// <summary>Reads what is in use of a job's device, and remembers the peak. May be called by several threads.</summary>
/// <param name="read">Bytes in use, bytes in all and the share of the time in which it computes; null if they cannot be read.</param>
internal sealed class DeviceMeter(Func<(long Used, long Total, double? BusyShare)?> read)
{
    private long _peak;

    /// <value>The largest memory in use so far, in bytes; null if it was never read.</value>
    internal long? PeakBytes => Read()?.PeakBytes ?? (Interlocked.Read(ref _peak) is > 0 and var peak ? peak : null);

    /// <summary>The meter of a device: a GPU's reads its driver, the CPU's reads nothing.</summary>
    internal static DeviceMeter Of(Device device) => new(device.type == DeviceType.CUDA ? ReadCard : () => null);

    /// <summary>What is in use now; null if it is not known.</summary>
    internal DeviceUse? Read()
    {
        if (read() is not var (used, total, busy))
        {
            return null;
        }

        for (var peak = Interlocked.Read(ref _peak); used > peak; peak = Interlocked.Read(ref _peak))
        {
            _ = Interlocked.CompareExchange(ref _peak, used, peak);
        }

        return new DeviceUse { UsedBytes = used, PeakBytes = Interlocked.Read(ref _peak), TotalBytes = total, BusyShare = busy };
    }

    private static (long, long, double?)? ReadCard()
    {
        try
        {
            var card = Card.Value;
            var (used, total) = card.Memory();
            return (used, total, card.BusyShare());
        }
        catch (Exception unknown) when (unknown is CudaKernelException or DllNotFoundException or EntryPointNotFoundException)
        {
            return null; // the job itself reports a driver that does not work
        }
    }

    private static readonly Lazy<CudaCard> Card = new(CudaCard.First);
}
