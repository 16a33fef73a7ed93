using Distil.Cli.Commands;
using Distil.Cli.Workspaces;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Runs.Reading;
using Distil.Core.Settings;
using Distil.Core.Sources;
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

    [Fact]
    public async Task Both_students_learn_from_one_set_of_teacher_outputs()
    {
        var planner = new RunPlanner(TimeProvider.System, SourceCatalog.Create(new SourceSettings(), TimeProvider.System));
        var plans = new List<RunPlan>();
        foreach (var sample in DemoCommand.Samples)
        {
            plans.Add(await planner.PlanAsync(RunSpecReader.Read(Workspace.Find().RepositoryFile("samples", sample)), TestContext.Current.CancellationToken));
        }

        Assert.Equal((true, true), (plans[0].Student is not null, plans[1].Linearised is not null));
        Assert.Equal(plans[0].TeacherOutputs.Id, plans[1].TeacherOutputs.Id);
        Assert.Equal(plans[0].DatasetId, plans[1].DatasetId);
    }
}
