using Distil.Core.Errors;
using Distil.Core.Runs.Planning;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Runs.Planning;

public sealed class SeveralGpusTests
{
    private const long Small = 1_000_000;

    [Fact]
    public void On_one_GPU_a_plan_says_nothing_of_it() => Assert.Empty(SeveralGpus.Warnings(Spec(1, 4), 100, Small));

    [Fact]
    public void On_several_a_plan_says_how_many_steps_the_larger_batch_leaves() =>
        Assert.Contains("4 micro-batches, so an epoch has 100 steps, and 400 with one", Assert.Single(SeveralGpus.Warnings(Spec(2, 4), 100, Small)), StringComparison.Ordinal);

    [Fact]
    public void Micro_batches_that_leave_a_GPU_without_work_are_a_warning() =>
        Assert.Contains("5 is no multiple of compute.gpusPerWorker 2", SeveralGpus.Warnings(Spec(2, 5), 100, Small).Last(), StringComparison.Ordinal);

    [Fact]
    public void A_divided_optimiser_is_said_with_the_memory_that_it_saves()
    {
        const long large = 500_000_000;
        Assert.Contains("divide the optimiser's moments of 500000000 weights; each saves some 3.0 GB", SeveralGpus.Warnings(Divided(4, large), 100, large).Last(), StringComparison.Ordinal);
        Assert.Single(SeveralGpus.Warnings(Divided(4, large + 1), 100, large));
        Assert.Single(SeveralGpus.Warnings(Spec(4, 4), 100, large)); // nobody asked for it
        Assert.Empty(SeveralGpus.Warnings(Divided(1, large), 100, large));

        static RunSpec Divided(int gpus, long from)
        {
            var spec = Spec(gpus, 4);
            return spec with { Compute = spec.Compute with { ShardOptimizerFrom = from } };
        }
    }

    [Fact]
    public void GPUs_that_are_known_to_be_missing_are_refused_and_others_are_not()
    {
        SeveralGpus.Require(1, () => 0);
        SeveralGpus.Require(2, () => 2);
        SeveralGpus.Require(8, count: null);
        var error = Assert.Throws<InvalidInputException>(() => SeveralGpus.Require(3, () => 2));
        Assert.Equal("compute.gpusPerWorker is 3; expected at most 2, because the jobs' machine has 2 CUDA GPUs", error.Message);
    }

    private static RunSpec Spec(int gpus, int parts) => new()
    {
        Name = "a",
        Teacher = new() { Path = "teacher" },
        Dataset = new() { Sources = ["text"], ContextLength = 8 },
        Training = new() { GradientAccumulation = parts },
        Compute = new() { GpusPerWorker = gpus },
    };
}
