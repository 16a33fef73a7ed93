using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Tests.Artifacts;

namespace Distil.Contracts.Jobs;

/// <summary>What a runner of jobs must do on every platform, and what the pipeline's poll reports over it.</summary>
public abstract class JobRunnerContract : IAsyncLifetime
{
    private static readonly Uri One = RequestOf("one"), Two = RequestOf("two");
    private readonly InMemoryBlobService _service = new();
    private IJobPlatform _platform = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Starts an empty platform.</summary>
    internal abstract Task<IJobPlatform> StartPlatformAsync();

    public async ValueTask InitializeAsync() => _platform = await StartPlatformAsync();

    public async ValueTask DisposeAsync()
    {
        await _platform.DisposeAsync();
        _service.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // only the job's result says which
    public async Task A_job_is_running_until_it_ends(bool success)
    {
        var job = await StartAsync(One);
        Assert.Equal(JobState.Running, await _platform.Runner.PollAsync(job, Cancel));

        _platform.End(One, success);

        await EndedAsync(job);
        Assert.Equal([One], _platform.Begun());
    }

    [Fact]
    public async Task Jobs_end_each_by_itself()
    {
        var (one, two) = (await StartAsync(One), await StartAsync(Two));

        _platform.End(One, success: true);

        await EndedAsync(one);
        Assert.Equal(JobState.Running, await _platform.Runner.PollAsync(two, Cancel));
        Assert.True(_platform.IsAtWork(Two));
        Assert.Equal([One, Two], _platform.Begun());
    }

    [Fact]
    public async Task A_job_that_is_started_twice_works_once()
    {
        var first = await StartAsync(One);
        var second = await _platform.Runner.StartAsync(JobKind.Train, One, isFirst: false, Cancel);

        Assert.Equal(first, second);
        _platform.End(One, success: true);
        await EndedAsync(first);
        Assert.Equal([One], _platform.Begun());
    }

    [Fact]
    public async Task A_job_that_has_ended_can_be_started_again()
    {
        var first = await StartAsync(One);
        _platform.End(One, success: false);
        await EndedAsync(first);

        var second = await _platform.Runner.StartAsync(JobKind.Train, One, isFirst: false, Cancel);

        Assert.NotEqual(first, second);
        await UntilAsync(() => Task.FromResult(_platform.Begun().Count == 2));
        Assert.Equal(JobState.Ended, await _platform.Runner.PollAsync(first, Cancel));
        Assert.Equal(JobState.Running, await _platform.Runner.PollAsync(second, Cancel));
        Assert.Equal([One, One], _platform.Begun());
    }

    [Fact]
    public async Task The_token_of_a_start_does_not_stop_the_job()
    {
        using var call = new CancellationTokenSource();
        var job = await StartAsync(One, call.Token);

        await call.CancelAsync();
        await StartAsync(Two);

        Assert.Equal(JobState.Running, await _platform.Runner.PollAsync(job, Cancel));
        Assert.True(_platform.IsAtWork(One));
    }

    [Fact]
    public async Task Stopping_returns_when_the_work_has_ended_and_other_jobs_continue()
    {
        var (one, two) = (await StartAsync(One), await StartAsync(Two));

        await _platform.Runner.StopAsync(one, Cancel);

        Assert.False(_platform.IsAtWork(One));
        Assert.Equal(JobState.Ended, await _platform.Runner.PollAsync(one, Cancel));
        Assert.True(_platform.IsAtWork(Two));
        Assert.Equal(JobState.Running, await _platform.Runner.PollAsync(two, Cancel));
    }

    [Fact]
    public async Task Stopping_a_job_that_has_ended_is_no_error()
    {
        var job = await StartAsync(One);
        _platform.End(One, success: true);
        await EndedAsync(job);

        await _platform.Runner.StopAsync(job, Cancel);
        await _platform.Runner.StopAsync(job, Cancel);

        Assert.Equal(JobState.Ended, await _platform.Runner.PollAsync(job, Cancel));
    }

    [Fact]
    public async Task A_job_that_its_platform_has_forgotten_is_unknown_and_can_be_stopped_and_started_again()
    {
        var lost = await StartAsync(One);
        await _platform.ForgetAsync();

        Assert.Equal(JobState.Unknown, await _platform.Runner.PollAsync(lost, Cancel));
        await _platform.Runner.StopAsync(lost, Cancel);
        var again = await StartAsync(One, begun: 2);

        // A platform on which the runner names the jobs gives the new job the lost one's name.
        Assert.Equal(again == lost ? JobState.Running : JobState.Unknown, await _platform.Runner.PollAsync(lost, Cancel));
        Assert.Equal(JobState.Running, await _platform.Runner.PollAsync(again, Cancel));
    }

    [Theory]
    [InlineData(false)] // the container has ended, and the platform has not noticed
    [InlineData(true)]
    public async Task A_result_takes_precedence_over_the_platforms_state_and_brings_the_failures_class(bool ended)
    {
        var job = await StartAsync(One);
        if (ended)
        {
            _platform.End(One, success: false);
            await EndedAsync(job);
        }

        var failure = new JobFailure(FailureClass.OutOfMemory, "memory ran out", "a stack trace");
        var result = new JobResult { Failure = failure, StartedAt = DateTimeOffset.UnixEpoch, EndedAt = DateTimeOffset.UnixEpoch };
        await _service.OpenStore().WriteJsonAsync(ArtifactLayout.JobResult("r", "train-001"), result, Cancel);

        Assert.Equal(new JobAnswer(JobState.Ended, result), await AnswerAsync(job));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_job_without_a_result_is_reported_as_its_platform_says(bool success)
    {
        var job = await StartAsync(One);
        Assert.Equal(new JobAnswer(JobState.Running), await AnswerAsync(job));
        _platform.End(One, success);
        await EndedAsync(job);
        var says = await _platform.Runner.DescribeEndAsync(job, Cancel);
        Assert.Equal(new JobAnswer(JobState.Ended, PlatformSays: says), await AnswerAsync(job));
        await _platform.ForgetAsync();
        Assert.Equal(new JobAnswer(JobState.Unknown), await AnswerAsync(job));
    }

    /// <summary>Waits until something holds.</summary>
    protected static async Task UntilAsync(Func<Task<bool>> condition)
    {
        while (!await condition())
        {
            await Task.Delay(10, Cancel);
        }
    }

    private static Uri RequestOf(string job) => new($"https://account.blob.core.windows.net/distil/runs/r/jobs/{job}/request.json");

    // Returns when its work has begun.
    private async Task<string> StartAsync(Uri request, CancellationToken? cancel = null, int begun = 0)
    {
        var before = _platform.Begun().Count;
        var job = await _platform.Runner.StartAsync(JobKind.Train, request, isFirst: false, cancel ?? Cancel);
        await UntilAsync(() => Task.FromResult(_platform.Begun().Count >= Math.Max(begun, before + 1)));
        return job;
    }

    private Task EndedAsync(string job) => UntilAsync(async () => await _platform.Runner.PollAsync(job, Cancel) == JobState.Ended);

    private Task<JobAnswer> AnswerAsync(string job) =>
        new PollJob(_service.OpenStore(), _platform.Runner).RunAsync(new JobHandle("r", "train-001", job), Cancel);
}
