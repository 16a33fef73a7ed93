using Distil.Inference.Cuda;

namespace Distil.Inference.Tests.Cuda;

public sealed class CudaCardTests
{
    private static readonly CudaCard H100 = new("H100", 9, 0, 132, 227 * 1024, 0);

    [Fact]
    public void Stands_in_for_an_older_card_with_its_limits_and_without_what_it_lacks()
    {
        Assert.Equal(("sm_90a", true), (H100.Architecture, H100.HasClusters));
        var a100 = H100.As("sm_80");
        Assert.Equal(("compute_80", false, 163 * 1024), (a100.Architecture, a100.HasClusters, a100.SharedBytes));
        Assert.Equal(99 * 1024, H100.As("sm_86").SharedBytes);
    }

    [Theory]
    [InlineData("sm_70")]
    [InlineData("sm_89")]
    public void Says_what_it_cannot_stand_in_for(string architecture)
    {
        var error = Assert.Throws<CudaKernelException>(() => (H100 with { Name = "A40", Major = 8, Minor = 6 }).As(architecture));
        Assert.Contains($"A40 cannot stand in for {architecture}", error.Message, StringComparison.Ordinal);
    }
}
