using System.Runtime.CompilerServices;
using Distil.Trainer.Torch;

namespace Distil.Trainer.Tests.Torch;

public sealed class PeakMemoryTests
{
    private const int Large = 1 << 30;

    /// <summary>Other tests of this process use memory meanwhile, so a small job may be measured several times; the peak of the process's life never falls.</summary>
    [Fact]
    public void A_small_job_after_a_large_one_has_a_small_peak()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the peak can be reset on Linux only");
        var large = PeakMemory.Begin();
        Use(Large);
        var peak = large.Bytes;
        Assert.True(peak > Large, $"{peak}");

        var small = Enumerable.Range(0, 5).Select(_ => PeakMemory.Begin().Bytes).ToArray();
        Assert.True(small.Min() < peak, $"{string.Join(", ", small)} after {peak}");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Use(int bytes)
    {
        using var memory = TorchSharp.torch.ones(bytes, TorchSharp.torch.uint8);
        Assert.Equal(1, memory[bytes - 1].item<byte>());
    }
}
