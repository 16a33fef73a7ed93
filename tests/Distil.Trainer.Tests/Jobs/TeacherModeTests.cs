using System.Text;
using System.Text.Json;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Specification;
using Distil.Trainer.Tests.Kernels;

namespace Distil.Trainer.Tests.Jobs;

/// <summary>Whole jobs with the teacher's stored outputs and with the teacher in each step, on the CPU and on a GPU in bfloat16.</summary>
public sealed class TeacherModeTests
{
    private static readonly FrobeniusReduction[] OfLayers = [FrobeniusReduction.Average, FrobeniusReduction.Ratio, FrobeniusReduction.BlockWise];

    [Fact]
    public async Task Training_with_the_teacher_in_each_step_goes_as_with_its_stored_outputs()
    {
        var stored = await TrainAsync(TeacherMode.Offline, FrobeniusReduction.Paper, ComputeDevice.Cpu);
        var online = await TrainAsync(TeacherMode.Online, FrobeniusReduction.Paper, ComputeDevice.Cpu);
        AssertNear(stored, online, tolerance: 0.005);
    }

    [Fact]
    public async Task On_a_GPU_both_ways_go_as_on_the_CPU()
    {
        Gpu.Require();
        foreach (var mode in Enum.GetValues<TeacherMode>())
        {
            AssertNear(
                await TrainAsync(mode, FrobeniusReduction.Paper, ComputeDevice.Cpu),
                await TrainAsync(mode, FrobeniusReduction.Paper, ComputeDevice.Cuda), tolerance: 0.02);
        }
    }

    [Fact]
    public async Task On_a_GPU_alignment_by_layers_goes_as_on_the_CPU()
    {
        Gpu.Require();
        foreach (var reduction in OfLayers)
        {
            AssertNear(
                await TrainAsync(TeacherMode.Online, reduction, ComputeDevice.Cpu),
                await TrainAsync(TeacherMode.Online, reduction, ComputeDevice.Cuda), tolerance: 0.02);
        }
    }

    private static void AssertNear(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), loss => Assert.InRange(loss.Second / loss.First, 1 - tolerance, 1 + tolerance));
    }

    /// <returns>Each step's loss. On a GPU the run continues to its report.</returns>
    private static async Task<double[]> TrainAsync(TeacherMode mode, FrobeniusReduction reduction, ComputeDevice device)
    {
        using var run = new SmallRun(spec => spec with
        {
            Teacher = spec.Teacher with { Mode = mode },
            Distillation = spec.Distillation with { Alignment = new AlignmentSpec { Reduction = reduction, Weight = 0.3 } },
            Training = spec.Training with { Epochs = 1, Precision = device == ComputeDevice.Cuda ? Precision.Bf16 : Precision.Fp32 },
            Evaluation = spec.Evaluation with { Baseline = false },
            Compute = spec.Compute with { Device = device },
        });
        await run.PrepareAndTeachAsync();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train", epoch: 0));
        if (device == ComputeDevice.Cuda)
        {
            SmallRun.Succeeded(await run.DoAsync(JobKind.Evaluate, "evaluate", epoch: 0));
            SmallRun.Succeeded(await run.DoAsync(JobKind.Export, "export"));
        }

        var metrics = Encoding.UTF8.GetString(run[ArtifactLayout.Metrics(run.Plan.RunId, StudentVariant.Distilled)]);
        return [.. metrics.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(
            line => JsonDocument.Parse(line).RootElement.GetProperty("loss").GetDouble())];
    }
}
