using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;

namespace Distil.Core.Tests.Pipeline;

public sealed class ShardsPipelineTests : ScriptedRuns
{
    [Fact]
    public async Task All_tries_count_and_the_last_failure_is_kept()
    {
        Fail("prepare-00001", FailureClass.Transient);
        var outcome = await RunRangeAsync();
        Assert.Equal((JobEnd.Succeeded, 4, "prepare-00001"), (outcome.End, outcome.Tries, outcome.LastFailure!.Message));
        Assert.Equal(["prepare-00000", "prepare-00001", "prepare-00001-try-2", "prepare-00002"], Jobs.Started);
    }

    [Fact]
    public async Task The_first_job_that_fails_ends_it_and_is_named()
    {
        Fail("prepare-00000", FailureClass.Transient);
        Fail("prepare-00001", FailureClass.InvalidInput);
        var outcome = await RunRangeAsync();
        Assert.Equal((JobEnd.Failed, 3, 1, "prepare-00001"), (outcome.End, outcome.Tries, outcome.Part, outcome.LastFailure!.Message));
        Assert.DoesNotContain("prepare-00002", Jobs.Started);
    }

    private void Fail(string job, FailureClass failure) => Jobs.Failures[job] = new JobFailure(failure, job);

    private async Task<JobOutcome> RunRangeAsync()
    {
        await new RunFolder(Store).CreateAsync(Spec(), Plans.Of("run", 3), Cancel);
        var spec = new JobSpec { RunId = "run", JobId = "", Makes = new Dataset("data", Shards: 3), Retries = 1 };
        return await ShardsPipeline.RunAsync(new InProcessContext(new ActivityCatalog(Store, Jobs), "run"), ShardRange.Of(spec, 0, count: 3));
    }
}
