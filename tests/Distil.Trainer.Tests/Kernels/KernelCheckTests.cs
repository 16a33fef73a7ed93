using Distil.Trainer.Commands.Checks;
using Distil.Trainer.Kernels;

namespace Distil.Trainer.Tests.Kernels;

public sealed class KernelCheckTests
{
    public static TheoryData<int, string> Checks => [.. KernelChecks.All.Select((check, i) => new TheoryDataRow<int, string>(i, $"{check.Kernel}, {check.Shape}"))];

    [Theory]
    [MemberData(nameof(Checks))]
    public void Equal_to_plain_operations_in_values_and_gradients(int check, string what)
    {
        Assert.SkipUnless(CudaRuntime.UnavailableReason is null, $"{what}: {CudaRuntime.UnavailableReason}");
        Assert.SkipUnless(CudaRuntime.Card.HasClusters || !KernelChecks.All[check].NeedsClusters, $"{what}: {CudaRuntime.Card.Name} has no clusters");
        var result = KernelChecks.All[check].Run();
        Assert.True(result.Passed, $"{what}: value {result.Value:E2}, gradients {string.Join(", ", result.Gradients.Select(difference => $"{difference:E2}"))}");
    }
}
