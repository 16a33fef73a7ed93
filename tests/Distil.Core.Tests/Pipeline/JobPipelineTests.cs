using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Distil.Core.Tests.Artifacts;

namespace Distil.Core.Tests.Pipeline;

public sealed class JobPipelineTests : IAsyncLifetime
{
    private readonly InMemoryBlobService _service = new();
    private readonly ArtifactStore _store;
    private readonly ScriptedJobs _jobs;
    private readonly InProcessContext _context;

    public JobPipelineTests()
    {
        _store = _service.OpenStore();
        _jobs = new ScriptedJobs(_store);
        _context = new InProcessContext(new ActivityCatalog(_store, _jobs), "run");
    }

    public async ValueTask InitializeAsync()
    {
        var spec = new RunSpec { Name = "a", Teacher = new TeacherSpec { Path = "/t" }, Dataset = new DatasetSpec { Sources = ["/x"] } };
        await new RunFolder(_store).CreateAsync(spec, Plans.Of("run", 1));
    }

    public ValueTask DisposeAsync()
    {
        _service.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_jobs_own_result_outranks_its_platform()
    {
        // The platform says Running to the end.
        var outcome = await RunAsync();
        Assert.Equal((JobEnd.Succeeded, 1), (outcome.End, outcome.Tries));
    }

    [Fact]
    public async Task A_job_that_ended_in_an_earlier_life_is_not_started_again()
    {
        await RunAsync();
        _jobs.Started.Clear();
        Assert.Equal(JobEnd.Succeeded, (await RunAsync()).End);
        Assert.Empty(_jobs.Started);
    }

    [Theory]
    [InlineData(FailureClass.InvalidInput, 1, JobEnd.Failed)]
    [InlineData(FailureClass.OutOfMemory, 2, JobEnd.Succeeded)]
    [InlineData(FailureClass.Preempted, 2, JobEnd.Succeeded)]
    [InlineData(FailureClass.DiskFull, 2, JobEnd.Succeeded)]
    [InlineData(FailureClass.Transient, 2, JobEnd.Succeeded)]
    public async Task Its_failures_class_says_whether_it_is_tried_again(FailureClass failure, int tries, JobEnd end)
    {
        _jobs.Failures["train-001"] = new JobFailure(failure, "why");
        var outcome = await RunAsync();
        Assert.Equal((end, tries, "why"), (outcome.End, outcome.Tries, outcome.LastFailure!.Message));
        Assert.Equal(tries - 1, _context.Delays.Count(delay => delay == JobPipeline.Delays.DelayAfter(1, "train-001")));
    }

    [Fact]
    public async Task Tries_are_bounded_and_each_has_its_own_request()
    {
        foreach (var id in new[] { "train-001", "train-001-try-2", "train-001-try-3" })
        {
            _jobs.Failures[id] = new JobFailure(FailureClass.Transient, id);
        }

        var outcome = await RunAsync(retries: 2);

        Assert.Equal((JobEnd.Failed, 3, "train-001-try-3"), (outcome.End, outcome.Tries, outcome.LastFailure!.Message));
        Assert.Equal(["train-001", "train-001-try-2", "train-001-try-3"], _jobs.Started);
    }

    [Fact]
    public async Task One_that_ends_without_a_result_was_taken_away()
    {
        _jobs.States["train-001"] = new Queue<JobState>([JobState.Running, JobState.Ended]);
        var outcome = await RunAsync();
        Assert.Equal((JobEnd.Succeeded, 2, FailureClass.Preempted), (outcome.End, outcome.Tries, outcome.LastFailure!.Class));
    }

    [Theory]
    [InlineData(null, "taken away")]
    [InlineData("the platform says Failed; its log: https://log.example", "taken away (the platform says Failed; its log: https://log.example)")]
    public async Task Its_failure_has_what_its_platform_says(string? says, string end)
    {
        _jobs.States["train-001"] = new Queue<JobState>([JobState.Ended]);
        _jobs.EndSays = says;
        Assert.EndsWith(end, (await RunAsync()).LastFailure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_taken_away_goes_on_more_often_than_one_that_fails()
    {
        foreach (var id in Enumerable.Range(1, 10).Select(number => JobId.Try("train-001", number)))
        {
            _jobs.Failures[id] = new JobFailure(FailureClass.Preempted, id);
        }

        var outcome = await RunAsync(retries: 0);
        Assert.Equal((JobEnd.Succeeded, 11), (outcome.End, outcome.Tries));
    }

    [Fact]
    public async Task One_that_is_taken_away_for_ever_fails()
    {
        foreach (var id in Enumerable.Range(1, 100).Select(number => JobId.Try("train-001", number)))
        {
            _jobs.Failures[id] = new JobFailure(FailureClass.Preempted, id);
        }

        var outcome = await RunAsync();
        Assert.Equal((JobEnd.Failed, 11), (outcome.End, outcome.Tries));
    }

    [Fact]
    public async Task No_job_of_a_cancelled_run_is_started()
    {
        await _store.WriteJsonAsync(ArtifactLayout.Cancel("run"), new { }, TestContext.Current.CancellationToken);
        Assert.Equal(JobEnd.Cancelled, (await RunAsync()).End);
        Assert.Empty(_jobs.Started);
        Assert.Empty(_jobs.Stopped);
    }

    [Fact]
    public async Task A_run_that_is_cancelled_between_two_tries_does_not_wait_for_the_second()
    {
        foreach (var id in Enumerable.Range(1, 5).Select(number => JobId.Try("train-001", number)))
        {
            _jobs.Failures[id] = new JobFailure(FailureClass.Preempted, id);
        }

        // Delays of at most 1, 2, 4, 8 and 16 s and at least half of that, the longer ones in parts of 4 s: the second such part is in the last delay.
        var part = TimeSpan.FromSeconds(4);
        var parts = 0;
        _context.OnDelay = delay => delay == part && ++parts == 2
            ? _store.WriteJsonAsync(ArtifactLayout.Cancel("run"), new { }, TestContext.Current.CancellationToken)
            : Task.CompletedTask;

        var outcome = await RunAsync();

        Assert.Equal((JobEnd.Cancelled, 5), (outcome.End, outcome.Tries));
        Assert.Equal(("train-001-try-5", 2), (_jobs.Started[^1], parts));
        Assert.All(_context.Delays, delay => Assert.True(delay <= part));
    }

    [Fact]
    public async Task A_long_job_is_watched_in_stretches_so_that_no_history_grows_with_it()
    {
        _jobs.States["train-001"] = new Queue<JobState>(Enumerable.Repeat(JobState.Running, 1000));
        Assert.Equal(JobEnd.Succeeded, (await RunAsync()).End);
        Assert.Equal(Enumerable.Range(100, 10).Select(stretch => $"train-001-watch-{stretch}"), _context.SubPipelines);
    }

    [Fact]
    public async Task One_that_its_platform_forgot_is_started_again_and_that_is_no_try()
    {
        _jobs.States["train-001"] = new Queue<JobState>([JobState.Running, JobState.Unknown, JobState.Running]);
        var outcome = await RunAsync(retries: 0);
        Assert.Equal((JobEnd.Succeeded, 1), (outcome.End, outcome.Tries));
        Assert.Equal(["train-001", "train-001"], _jobs.Started);
    }

    [Fact]
    public async Task One_that_is_forgotten_for_ever_fails()
    {
        _jobs.States["train-001"] = new Queue<JobState>(Enumerable.Repeat(JobState.Unknown, 1000));
        var outcome = await RunAsync(retries: 0);
        Assert.Equal("train-001 was lost 21 times; its platform does not know it", outcome.LastFailure!.Message);
    }

    [Fact]
    public async Task Questions_become_rarer_the_longer_it_takes()
    {
        _jobs.States["train-001"] = new Queue<JobState>(Enumerable.Repeat(JobState.Running, 500));
        await RunAsync();
        Assert.Equal(TimeSpan.FromMilliseconds(50), _context.Delays[0]);
        Assert.Equal(TimeSpan.FromSeconds(30), _context.Delays[^1]);
        Assert.Equal(_context.Delays.Order(), _context.Delays);
        Assert.Equal(_context.Calls.Count(call => call.Name == PollJob.Id) - 1, _context.Delays.Count); // one between any two, in whatever history
    }

    [Fact]
    public void Pauses_between_tries_double_up_to_two_minutes()
    {
        Assert.Equal(new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2)), JobPipeline.Delays);
    }

    private Task<JobOutcome> RunAsync(int retries = 3) =>
        JobPipeline.RunAsync(_context, new JobSpec
        {
            RunId = "run",
            JobId = "train-001",
            Makes = Plans.Artifacts("run").Weights(StudentVariant.Distilled, 0),
            Retries = retries,
        });
}
