using Distil.Trainer.Commands.Checks;
using Distil.Trainer.Kernels;

namespace Distil.Trainer.Tests.Kernels;

/// <summary>Each kernel against the plain form of its operation. Those of a GPU run only if there is one; CI has none.</summary>
public sealed class KernelCheckTests
{
    public static TheoryData<int, string> Checks => [.. KernelChecks.All.Select(
        (check, i) => new TheoryDataRow<int, string>(i, $"{check.Kernel}{check.Variant}, {check.Shape}"))];

    [Fact]
    public void Every_kernel_is_checked() => Assert.Empty(Kernel.All.Except(KernelChecks.All.Select(check => check.Kernel)));

    [Theory]
    [MemberData(nameof(Checks))]
    public void Equal_to_plain_operations_in_values_and_gradients(int index, string what)
    {
        var check = KernelChecks.All[index];
        if (check.Kernel.Form == Form.Cuda)
        {
            Assert.SkipUnless(CudaRuntime.UnavailableReason is null, $"{what}: {CudaRuntime.UnavailableReason}");
            Assert.SkipUnless(CudaRuntime.Card.HasClusters || !check.NeedsClusters, $"{what}: {CudaRuntime.Card.Name} has no clusters");
        }

        var result = check.Run();
        Assert.True(
            result.Passed, $"{what}: value {result.Value:E2}, gradients {string.Join(", ", result.Gradients.Select(difference => $"{difference:E2}"))}");
    }
}
