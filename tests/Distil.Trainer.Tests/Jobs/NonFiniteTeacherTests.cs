using System.Runtime.InteropServices;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Safetensors;
using Distil.Core.Specification;

namespace Distil.Trainer.Tests.Jobs;

/// <summary>A teacher whose numbers are not finite stops where they are found, and not in training.</summary>
public sealed class NonFiniteTeacherTests
{
    [Fact]
    public async Task Teaching_stops_at_the_first_output_that_is_not_finite_and_names_teacher_shard_and_row()
    {
        using var run = new SmallRun(spec => Fill(spec, 3e38f)); // finite weights, whose products are not
        SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare-00000"));
        var failure = (await run.DoAsync(JobKind.Teach, "teach-00000")).Failure!;
        Assert.Equal(FailureClass.InvalidInput, failure.Class);
        Assert.StartsWith($"{run.Spec.Teacher.Path}: the teacher's outputs for shard 0 are not finite (row 0, position 0: ", failure.Message);
    }

    [Fact]
    public async Task A_weight_that_is_not_finite_stops_the_first_job_that_loads_it()
    {
        using var run = new SmallRun(spec => Fill(spec, float.NaN));
        SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare-00000"));
        var failure = (await run.DoAsync(JobKind.Teach, "teach-00000")).Failure!;
        Assert.Equal(FailureClass.InvalidInput, failure.Class);
        Assert.EndsWith("model.safetensors: model.norm.weight[0] is NaN; expected finite numbers", failure.Message);
    }

    private static RunSpec Fill(RunSpec spec, float value)
    {
        var path = Path.Combine(spec.Teacher.Path, "model.safetensors");
        var bytes = File.ReadAllBytes(path);
        using (var file = SafetensorsFile.Open(path))
        {
            var norm = file.Entries["model.norm.weight"];
            MemoryMarshal.Cast<byte, float>(bytes.AsSpan((int)(file.Header.DataStart + norm.Begin), (int)(norm.End - norm.Begin))).Fill(value);
        }

        File.WriteAllBytes(path, bytes);
        return spec;
    }
}
