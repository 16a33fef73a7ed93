using System.Diagnostics;
using Distil.Core.Artifacts.Kinds;
using Distil.Core;
using Distil.Core.Jobs;
using Distil.Hosting.Processes;

namespace Distil.Cli.Tests.Processes;

/// <summary>Against a stand-in for the trainer: a shell that follows the same protocol and does what the request's name says.</summary>
public sealed class ProcessJobRunnerTests : IAsyncDisposable
{
    private const string Trainer = """
        echo "started $$" >> "$JOURNAL"
        while read -r request; do
          case $request in
            *crash*) echo "out of luck" >&2; exit 3 ;;
            *stubborn*) trap '' TERM; echo "at work" >> "$JOURNAL"; while :; do sleep 0.1; done ;;
            *long*) while :; do sleep 0.1; done ;;
          esac
          echo "$$ $request" >> "$JOURNAL"
          echo "done $request"
        done
        echo "input ended $$" >> "$JOURNAL"
        """;

    private readonly string _journal = Path.GetTempFileName();
    private readonly List<ProcessJobRunner> _runners = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var runner in _runners)
        {
            await runner.DisposeAsync();
        }

        File.Delete(_journal);
    }

    [Fact]
    public async Task One_warm_worker_does_one_job_after_another()
    {
        var runner = Create(parallelism: 1);
        foreach (var name in new[] { "a", "b", "c" })
        {
            Assert.Equal(JobState.Ended, await EndOfAsync(runner, await StartAsync(runner, name)));
        }

        var lines = await File.ReadAllLinesAsync(_journal, Cancel);
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

        var lines = await File.ReadAllLinesAsync(_journal, Cancel);
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
        Assert.Contains((await File.ReadAllLinesAsync(_journal, Cancel)), line => line.EndsWith("/next", StringComparison.Ordinal));
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
        Assert.DoesNotContain(await File.ReadAllLinesAsync(_journal, Cancel), line => line.EndsWith("/second", StringComparison.Ordinal));
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
        _runners.Clear();

        Assert.Contains(await File.ReadAllLinesAsync(_journal, Cancel), line => line.StartsWith("input ended", StringComparison.Ordinal));
    }

    private ProcessJobRunner Create(int parallelism, TimeSpan? pollPatience = null)
    {
        var runner = new ProcessJobRunner(
            () => new ProcessStartInfo("sh", ["-c", Trainer]) { Environment = { ["JOURNAL"] = _journal } }, parallelism, pollPatience);
        _runners.Add(runner);
        return runner;
    }

    private static Task<string> StartAsync(ProcessJobRunner runner, string name) =>
        runner.StartAsync(JobKind.Train, new Uri($"http://127.0.0.1/distil/{name}"), isFirst: false, Cancel);

    private static async Task<JobState> EndOfAsync(ProcessJobRunner runner, string handle)
    {
        while (true)
        {
            var state = await runner.PollAsync(handle, Cancel);
            if (state != JobState.Running)
            {
                return state;
            }

            await Task.Delay(10, Cancel);
        }
    }

    private Task StartedAsync() => UntilAsync("started");

    private async Task UntilAsync(string words)
    {
        while (!(await File.ReadAllTextAsync(_journal, Cancel)).Contains(words, StringComparison.Ordinal))
        {
            await Task.Delay(10, Cancel);
        }
    }

    private async Task<int> WorkerAsync() =>
        int.Parse((await File.ReadAllLinesAsync(_journal, Cancel))[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
}
