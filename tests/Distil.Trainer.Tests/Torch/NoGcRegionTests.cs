using System.Runtime;
using Distil.Trainer.Torch;

namespace Distil.Trainer.Tests.Torch;

/// <remarks>No other test runs at the same time: its allocations would end a region.</remarks>
[Collection(nameof(NoGcRegionTests))]
[CollectionDefinition(nameof(NoGcRegionTests), DisableParallelization = true)]
public sealed class NoGcRegionTests
{
    private static object? _sink;

    [Fact]
    public void Nothing_is_collected_until_the_last_pause_ends()
    {
        using var outer = NoGcRegion.Begin();
        var before = GC.CollectionCount(0);
        using (NoGcRegion.Begin())
        {
            Allocate(NoGcRegion.Bytes / 4);
        }
        Allocate(NoGcRegion.Bytes / 4);

        Assert.Equal(before, GC.CollectionCount(0));
        Assert.Equal(GCLatencyMode.NoGCRegion, GCSettings.LatencyMode);
        outer.Dispose();
        Assert.NotEqual(GCLatencyMode.NoGCRegion, GCSettings.LatencyMode);
    }

    [Fact]
    public void A_step_that_allocates_too_much_goes_on_with_collections_and_the_next_one_pauses_again()
    {
        using (NoGcRegion.Begin())
        {
            Allocate(2 * NoGcRegion.Bytes);
            Assert.NotEqual(GCLatencyMode.NoGCRegion, GCSettings.LatencyMode);
        }

        using var next = NoGcRegion.Begin();
        Assert.Equal(GCLatencyMode.NoGCRegion, GCSettings.LatencyMode);
    }

    [Fact]
    public void Garbage_of_many_pauses_does_not_pile_up()
    {
        var most = 0L;
        for (var pause = 0; pause < 100; pause++)
        {
            using (NoGcRegion.Begin())
            {
                Allocate(5 << 20);
            }
            most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false));
        }

        Assert.InRange(most - GC.GetTotalMemory(forceFullCollection: true), 0, 250L << 20);
    }

    private static void Allocate(long bytes)
    {
        for (var done = 0L; done < bytes; done += 1000)
        {
            _sink = new byte[1000];
        }
        GC.KeepAlive(_sink);
    }
}
