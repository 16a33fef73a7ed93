using System.Collections.Concurrent;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Pipeline;
using Distil.Core.Runs;

namespace Distil.Contracts.Pipeline;

/// <summary>What every host must do about a pipeline's time, signals, status and restarts.</summary>
public abstract class PipelineEventsContract : IAsyncLifetime
{
    private readonly PipelineScript _script = new();
    private IScriptHost? _host;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <value>Time by which a wait may end early.</value>
    protected virtual TimeSpan Early => TimeSpan.Zero;

    /// <summary>Starts a host.</summary>
    internal abstract Task<IScriptHost> StartAsync(PipelineScript script);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_restart_calls_nothing_again_that_has_answered_and_changes_no_answer()
    {
        var count = _script.Activity<string, int>("count", _ => Task.FromResult(_script.Calls.Count));
        _script.Pipeline<string, int>("part", (run, input) => run.CallActivityAsync(count, input));
        var host = await BeginAsync(async run =>
        {
            var first = await run.CallActivityAsync(count, "a");
            var second = await run.CallSubPipelineAsync<string, int>("part", "part", "b");
            Show(run, 1);
            await run.WaitForSignalAsync<string>("go");
            return new[] { first, second, await run.CallActivityAsync(count, "c") };
        });
        await ShownAsync(1);

        await host.RestartAsync();
        await host.SignalAsync("go", "now");

        var answers = await EndAsync<int[]>();
        Assert.Equal([1, 2, 3], answers);
        Assert.Equal(["count \"a\"", "count \"b\"", "count \"c\""], _script.Calls);
    }

    [Fact]
    public async Task The_time_of_a_step_is_the_same_in_every_replay_and_never_decreases()
    {
        var (began, later) = (new ConcurrentBag<DateTimeOffset>(), new ConcurrentBag<DateTimeOffset>());
        var (before, echo) = (DateTimeOffset.UtcNow, _script.Activity<int, int>("echo", Task.FromResult));
        var host = await BeginAsync(async run =>
        {
            began.Add(run.Now);
            await run.CallActivityAsync(echo, 1);
            later.Add(run.Now);
            Show(run, 1);
            await run.WaitForSignalAsync<string>("go");
            return run.Now;
        });
        await ShownAsync(1);
        await host.RestartAsync();
        await host.SignalAsync("go", "now");
        var ended = await EndAsync<DateTimeOffset>();

        Assert.True(began.Count > 1, "it was not replayed");
        DateTimeOffset[] times = [before, began.Distinct().Single(), later.Distinct().Single(), ended, DateTimeOffset.UtcNow];
        Assert.Equal(times.Order(), times);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_wait_lasts_as_long_as_asked_also_over_a_restart(bool restart)
    {
        var length = TimeSpan.FromSeconds(1) + Early;
        var host = await BeginAsync(async run =>
        {
            var from = run.Now;
            Show(run, 1);
            await run.DelayAsync(length);
            return run.Now - from;
        });
        await ShownAsync(1);
        if (restart)
        {
            await host.RestartAsync();
        }

        Assert.True(await EndAsync<TimeSpan>() >= length - Early);
    }

    [Fact]
    public async Task A_signal_that_comes_before_it_is_awaited_is_not_lost_and_of_two_the_first_counts()
    {
        var (gate, open) = Gate("gate");
        var host = await BeginAsync(async run =>
        {
            await run.CallActivityAsync(gate, "x");
            return new[] { await run.WaitForSignalAsync<Word>("go"), await run.WaitForSignalAsync<Word>("go") };
        });
        await UntilAsync(() => !_script.Calls.IsEmpty);
        await host.SignalAsync("go", new Word("first", 1));
        await host.SignalAsync("go", new Word("second", 2));
        open();

        Assert.Equal([new Word("first", 1), new Word("first", 1)], await EndAsync<Word[]>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_signal_reaches_a_pipeline_whose_step_is_under_way(bool inSubPipeline)
    {
        var (gate, open) = Gate("gate");
        var stop = _script.Activity<string, string>("stop", why =>
        {
            open();
            return Task.FromResult(why);
        });
        _script.Pipeline<string, string>("part", (run, input) => run.CallActivityAsync(gate, input));
        var host = await BeginAsync(async run =>
        {
            var work = inSubPipeline ? run.CallSubPipelineAsync<string, string>("part", "part", "a") : run.CallActivityAsync(gate, "a");
            var cancel = run.WaitForSignalAsync<string>("cancel");
            var first = await Task.WhenAny(work, cancel);
            var said = first == cancel ? await run.CallActivityAsync(stop, await cancel) : "the work ended first";
            return new[] { said, await work };
        });
        await UntilAsync(() => !_script.Calls.IsEmpty);
        await host.SignalAsync("cancel", "enough");

        Assert.Equal(["enough", "a"], await EndAsync<string[]>());
    }

    [Fact]
    public async Task Statuses_are_published_in_order_and_the_last_one_always_also_over_a_restart()
    {
        var echo = _script.Activity<int, int>("echo", Task.FromResult);
        var host = await BeginAsync(async run =>
        {
            Show(run, 1);
            await run.CallActivityAsync(echo, 1);
            Show(run, 2);
            Show(run, 3);
            await run.WaitForSignalAsync<string>("go");
            for (var number = 4; number < 20; number++)
            {
                Show(run, number);
            }

            return 0;
        });
        await ShownAsync(3);
        await host.RestartAsync();
        await host.SignalAsync("go", "now");
        await EndAsync<int>();
        await ShownAsync(19);

        var shown = host.Statuses.Select(status => status.StageDone).ToList();
        Assert.Equal(shown.Order(), shown);
        Assert.Equal(1, shown[0]);
    }

    private async Task<IScriptHost> BeginAsync<TOutput>(Func<IPipelineContext, Task<TOutput>> pipeline)
    {
        _script.Pipeline<string, TOutput>(PipelineScript.Root, (run, _) => pipeline(run));
        _host = await StartAsync(_script);
        await _host.BeginAsync(JsonSerializer.SerializeToElement("begin"));
        return _host;
    }

    private async Task<TOutput> EndAsync<TOutput>() => (await _host!.EndAsync()).Deserialize<TOutput>(DistilJson.Options)!;

    private (ActivityName<string, string> Gate, Action Open) Gate(string id)
    {
        var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (_script.Activity<string, string>(id, async input =>
        {
            await opened.Task;
            return input;
        }), opened.SetResult);
    }

    private static void Show(IPipelineContext run, int number) => run.SetStatus(
        new RunStatus { RunId = run.RunId, State = RunState.Running, StageDone = number, StartedAt = run.Now, UpdatedAt = run.Now });

    private Task ShownAsync(int number) => UntilAsync(() => _host!.Statuses.LastOrDefault()?.StageDone == number);

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(10, Cancel);
        }
    }

    private sealed record Word(string Text, int Number);
}
