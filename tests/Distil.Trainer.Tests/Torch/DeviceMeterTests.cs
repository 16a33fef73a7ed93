using Distil.Core.Jobs;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Torch;

public sealed class DeviceMeterTests
{
    [Fact]
    public void The_peak_is_the_largest_use_that_was_read()
    {
        var readings = new Queue<(long, long, double?)?>([(10, 100, 0.5), (70, 100, null), (30, 100, 1.0), null]);
        var meter = new DeviceMeter(readings.Dequeue);

        Assert.Equal(new DeviceUse { UsedBytes = 10, PeakBytes = 10, TotalBytes = 100, BusyShare = 0.5 }, meter.Read());
        Assert.Equal(new DeviceUse { UsedBytes = 70, PeakBytes = 70, TotalBytes = 100 }, meter.Read());
        Assert.Equal(new DeviceUse { UsedBytes = 30, PeakBytes = 70, TotalBytes = 100, BusyShare = 1.0 }, meter.Read());
        Assert.Equal(70, meter.PeakBytes); // also if it can no longer be read
    }

    [Fact]
    public void On_the_CPU_there_is_nothing_to_read()
    {
        var meter = DeviceMeter.Of(CPU);
        Assert.Null(meter.Read());
        Assert.Null(meter.PeakBytes);
    }
}
