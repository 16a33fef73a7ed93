using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Specification;
using Distil.Core.Tests.Pipeline;

namespace Distil.Core.Tests.Runs.Planning;

public sealed class MemoryNeededTests
{
    private const long Gigabyte = 1_000_000_000;

    [Fact]
    public void Qwen_of_half_a_billion_has_its_published_number_of_parameters()
    {
        var config = new TransformerConfig
        {
            Family = TransformerFamily.Qwen2,
            VocabularySize = 151_936,
            HiddenSize = 896,
            IntermediateSize = 4864,
            Layers = 24,
            Heads = 14,
            KeyValueHeads = 2,
            HeadSize = 64,
            MaxPositions = 32_768,
            TiedHead = true,
            QueryKeyValueBias = true,
        };
        Assert.Equal(494_032_768, config.Parameters);
    }

    [Theory]
    [InlineData(1, 0, 16_000)]
    [InlineData(2, 0, 12_000)]
    [InlineData(4, 1000, 10_000)]
    [InlineData(4, 1001, 16_000)]
    public void GPUs_that_divide_the_moments_need_less(int gpus, long from, long bytes)
    {
        var spec = new RunSpec
        {
            Name = "a",
            Teacher = new TeacherSpec { Path = "/t" },
            Dataset = new DatasetSpec { Sources = ["/x"] },
            Compute = new ComputeSpec { GpusPerWorker = gpus, ShardOptimizerFrom = from },
        };
        Assert.Equal(bytes, MemoryNeeded.ForTraining(spec, new StudentParameters(1000, 0), new Figure(0, "bytes", "a test")).Value);
    }

    [Theory]
    [InlineData(ComputeDevice.Cpu, 1, 100, "teacher.path needs 2.0 GB of memory (at least: a test), and this machine has 1.0 GB; expected a smaller model")]
    [InlineData(ComputeDevice.Cpu, 3, 100, "student needs 4.0 GB of memory (at least: a test), and this machine has 3.0 GB; expected a smaller model")]
    [InlineData(ComputeDevice.Cpu, 5, 0, null)]
    [InlineData(ComputeDevice.Cuda, 9, 3, "student needs 4.0 GB of memory (at least: a test), and the card has 3.0 GB; expected a smaller model")]
    [InlineData(ComputeDevice.Cuda, 0, 5, null)]
    [InlineData(ComputeDevice.Auto, 3, 2, "student needs 4.0 GB of memory (at least: a test), and this machine has 3.0 GB; expected a smaller model")]
    [InlineData(ComputeDevice.Auto, 3, 5, null)]
    [InlineData(ComputeDevice.Auto, 5, 3, null)]
    public void What_cannot_fit_is_refused_with_field_need_and_memory(ComputeDevice device, long host, long card, string? refused)
    {
        var spec = new RunSpec
        {
            Name = "a",
            Teacher = new TeacherSpec { Path = "/t" },
            Dataset = new DatasetSpec { Sources = ["/x"] },
            Compute = new ComputeSpec { Device = device },
        };
        var plan = Plans.Of("run", 1) with
        {
            TeacherMemory = new Figure(2 * Gigabyte, "bytes", "at least: a test"),
            TrainingMemory = new Figure(4 * Gigabyte, "bytes", "at least: a test"),
        };
        var error = Record.Exception(() => MemoryNeeded.RequireFit(spec, plan, new MachineMemory(host * Gigabyte, card * Gigabyte)));
        Assert.Equal(refused, error?.Message);
        Assert.True(error is null or InvalidInputException);
    }
}
