using Distil.Inference.Cuda;

namespace Distil.Inference.Tests.CudaEngines;

/// <summary>The card of tests that need one.</summary>
internal static class TestCard
{
    /// <summary>Where the kernels are kept that tests compile: not among the user's.</summary>
    internal static readonly string KernelFolder = Path.Combine(Path.GetTempPath(), "distil-test-cubins");

    /// <value>The card; null if the machine has none.</value>
    internal static readonly CudaPlatform? Platform =
        CudaPlatform.Find(new(KernelFolder), standsInFor: null, out Reason);

    /// <value>Why there is none.</value>
    internal static readonly string? Reason;

    /// <summary>The card; skips the test if there is none.</summary>
    internal static CudaPlatform Require()
    {
        Assert.SkipWhen(Platform is null, $"no card: {Reason}");
        return Platform;
    }
}
