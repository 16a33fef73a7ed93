using Distil.Core.Jobs;
using Distil.Hosting.Processes;

namespace Distil.Cli.Tests.Processes;

/// <summary>Workers are started, kept, lost and ended.</summary>
public sealed class ProcessJobRunnerTests : ShellWorkers
{
    [Fact]
    public async Task One_warm_worker_does_one_job_after_another()
    {
        var runner = Create(parallelism: 1);
        foreach (var name in new[] { "a", "b", "c" })
        {
            Assert.Equal(JobState.Ended, await EndOfAsync(runner, await StartAsync(runner, name)));
        }

        var lines = await File.ReadAllLinesAsync(Journal, Cancel);
        Assert.Single(lines, line => line.StartsWith("started", StringComparison.Ordinal));
        Assert.Equal(["a", "b", "c"], lines.Skip(1).Select(line => line[(line.LastIndexOf('/') + 1)..]));
    }

    [Fact]
    public async Task Jobs_beyond_the_parallelism_wait_for_a_worker()
    {
        var runner = Create(parallelism: 2);
        var handles = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => StartAsync(runner, $"job{i}")));
        foreach (var handle in handles)
        {
            Assert.Equal(JobState.Ended, await EndOfAsync(runner, handle));
        }

        var lines = await File.ReadAllLinesAsync(Journal, Cancel);
        Assert.InRange(lines.Count(line => line.StartsWith("started", StringComparison.Ordinal)), 1, 2);
        Assert.Equal(6, lines.Count(line => line.Contains("/job", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_crashed_worker_ends_its_job_and_leaves_its_last_words_and_the_next_job_gets_a_new_one()
    {
        var runner = Create(parallelism: 1);
        var words = "";
        runner.Crashed += (_, tail) => words = tail;

        Assert.Equal(JobState.Ended, await EndOfAsync(runner, await StartAsync(runner, "crash")));
        Assert.Equal("out of luck", words);
        Assert.Equal(JobState.Ended, await EndOfAsync(runner, await StartAsync(runner, "next")));
        Assert.Contains((await File.ReadAllLinesAsync(Journal, Cancel)), line => line.EndsWith("/next", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_poll_waits_for_the_jobs_end_and_its_caller_can_end_the_wait()
    {
        var runner = Create(parallelism: 1, pollPatience: TimeSpan.FromMinutes(10));
        Assert.Equal(JobState.Ended, await runner.PollAsync(await StartAsync(runner, "a"), Cancel));

        var handle = await StartAsync(runner, "long");
        using var impatience = new CancellationTokenSource();
        var poll = runner.PollAsync(handle, impatience.Token);
        Assert.False(poll.IsCompleted);
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => poll);
        await runner.StopAsync(handle, Cancel);
    }

    [Fact]
    public async Task Jobs_that_ended_long_ago_are_forgotten()
    {
        var runner = Create(parallelism: 1);
        await StartAsync(runner, "long");
        var handles = new List<string>();
        for (var i = 0; i <= ProcessJobRunner.MaxEnded; i++)
        {
            handles.Add(await StartAsync(runner, "waiting"));
            await runner.StopAsync(handles[^1], Cancel);
        }

        while (await runner.PollAsync(handles[0], Cancel) != JobState.Unknown)
        {
            await Task.Delay(10, Cancel);
        }

        Assert.Equal(JobState.Ended, await runner.PollAsync(handles[^1], Cancel));
    }

    [Fact]
    public async Task Workers_end_at_the_end_of_their_input()
    {
        var runner = Create(parallelism: 1);
        await EndOfAsync(runner, await StartAsync(runner, "a"));
        await runner.DisposeAsync();
        Runners.Clear();

        Assert.Contains(await File.ReadAllLinesAsync(Journal, Cancel), line => line.StartsWith("input ended", StringComparison.Ordinal));
    }
}
