using Distil.Cli.Commands;
using Distil.Cli.Workspaces;
using Distil.Core.Runs.Reading;
using Distil.Core.Specification;

namespace Distil.Cli.Tests.Commands;

public sealed class DemoCommandTests
{
    [Fact]
    public void On_a_gpu_the_demo_computes_in_bfloat16_and_is_otherwise_the_same()
    {
        var spec = RunSpecReader.Read(Workspace.Find().RepositoryFile("samples", "demo.json"));

        var there = DemoCommand.On(spec, ComputeDevice.Cuda);

        Assert.Equal((ComputeDevice.Cuda, Precision.Bf16), (there.Compute.Device, there.Training.Precision));
        Assert.Equal(spec, DemoCommand.On(there, ComputeDevice.Cpu));
    }
}
