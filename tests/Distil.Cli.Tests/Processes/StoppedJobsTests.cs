using Distil.Core;
using Distil.Core.Jobs;

namespace Distil.Cli.Tests.Processes;

/// <summary>Jobs that are stopped while they are done, or before.</summary>
public sealed class StoppedJobsTests : ShellWorkers
{
    [Fact]
    public async Task Stopping_a_job_ends_its_process_and_says_nothing_of_a_crash()
    {
        var runner = Create(parallelism: 1);
        var crashes = 0;
        runner.Crashed += (_, _) => crashes++;
        var handle = await StartAsync(runner, "long");
        await StartedAsync();

        await runner.StopAsync(handle, Cancel);

        Assert.Equal(JobState.Ended, await runner.PollAsync(handle, Cancel));
        Assert.Equal(0, crashes);
        Assert.False(ProcessTable.IsAlive(await WorkerAsync()));
    }

    [Fact]
    public async Task A_process_that_ignores_the_request_to_stop_is_killed()
    {
        var runner = Create(parallelism: 1);
        var handle = await StartAsync(runner, "stubborn");
        await UntilAsync("at work");

        await runner.StopAsync(handle, Cancel);

        Assert.False(ProcessTable.IsAlive(await WorkerAsync()));
        Assert.Equal(JobState.Ended, await runner.PollAsync(handle, Cancel));
    }

    [Fact]
    public async Task A_waiting_job_that_is_stopped_ends_at_once_and_is_never_done()
    {
        var runner = Create(parallelism: 1);
        var first = await StartAsync(runner, "long");
        var second = await StartAsync(runner, "second");
        await StartedAsync();

        await runner.StopAsync(second, Cancel);

        Assert.Equal(JobState.Ended, await runner.PollAsync(second, Cancel));
        Assert.Equal(JobState.Running, await runner.PollAsync(first, Cancel));
        await runner.StopAsync(first, Cancel);
        Assert.DoesNotContain(await File.ReadAllLinesAsync(Journal, Cancel), line => line.EndsWith("/second", StringComparison.Ordinal));
    }
}
