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

    [Fact]
    public async Task No_history_grows_with_the_plan()
    {
        var spec = new JobSpec { RunId = "run", JobId = "", Makes = new Dataset("data", Shards: 1_000_000) };
        var context = new CountingContext();
        var range = ShardRange.Cut(spec)[^1];
        Assert.Equal(2500, range.Count);
        var outcome = await ShardsPipeline.CallAsync(context, range);
        Assert.Equal((JobEnd.Succeeded, 2500), (outcome.End, outcome.Tries));
        Assert.Equal(Enumerable.Range(997_500, 2500), context.Parts);
        Assert.InRange(context.LongestHistory, 1, 400);
    }

    private void Fail(string job, FailureClass failure) => Jobs.Failures[job] = new JobFailure(failure, job);

    private async Task<JobOutcome> RunRangeAsync()
    {
        await new RunFolder(Store).CreateAsync(Spec(), Plans.Of("run", 3), Cancel);
        var spec = new JobSpec { RunId = "run", JobId = "", Makes = new Dataset("data", Shards: 3), Retries = 1 };
        return await ShardsPipeline.RunAsync(new InProcessContext(new ActivityCatalog(Store, Jobs), "run"), ShardRange.Of(spec, 0, count: 3));
    }

    /// <summary>Counts the calls of each history; jobs succeed at once.</summary>
    private sealed class CountingContext : IPipelineContext
    {
        public List<int> Parts { get; init; } = [];

        public int LongestHistory { get; private set; }

        public string RunId => "run";

        public DateTimeOffset Now => default;

        private int Calls { get; set; }

        public async Task<TOutput> CallSubPipelineAsync<TInput, TOutput>(string name, string pipeline, TInput input)
        {
            Calls++;
            if (input is JobSpec job)
            {
                Parts.Add(job.Part);
                return (TOutput)(object)new JobOutcome(JobEnd.Succeeded, Tries: 1, Part: job.Part);
            }

            var own = new CountingContext { Parts = Parts };
            var outcome = await ShardsPipeline.RunAsync(own, (ShardRange)(object)input!);
            LongestHistory = Math.Max(Math.Max(LongestHistory, Calls), Math.Max(own.Calls, own.LongestHistory));
            return (TOutput)(object)outcome;
        }

        public Task<TOutput> CallActivityAsync<TInput, TOutput>(ActivityName<TInput, TOutput> activity, TInput input) => throw new NotSupportedException();

        public Task DelayAsync(TimeSpan time) => throw new NotSupportedException();

        public Task<T> WaitForSignalAsync<T>(string name) => throw new NotSupportedException();

        public void SetStatus(RunStatus status) => throw new NotSupportedException();
    }
}
