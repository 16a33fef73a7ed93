using System.Collections.Concurrent;
using System.Text.Json;
using Distil.Cli.Engine;
using Distil.Cli.Tests.Engine.Journal;
using Distil.Contracts.Pipeline;
using Distil.Core.Errors;
using Distil.Core.Jobs;
using Distil.Core.Runs;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Cli.Tests.Engine;

/// <summary>The embedded engine over a script and journals in memory.</summary>
internal sealed class EmbeddedScriptHost(PipelineScript script) : IScriptHost
{
    private readonly MemoryJournals _journals = new();
    private CancellationTokenSource _stop = new();
    private JsonElement _input;
    private PipelineInstance _root = null!;
    private Task<JsonElement> _work = null!;

    public ConcurrentQueue<RunStatus> Statuses { get; } = new();

    public Task BeginAsync(JsonElement input)
    {
        var engine = new EmbeddedEngine(
            script.Activities.CallAsync, _journals.Open, Statuses.Enqueue, NullLogger.Instance, TimeProvider.System,
            (name, context, json) => script.Pipelines[name](context, json));
        _root = new PipelineInstance(engine, "run", EmbeddedEngine.Root, _stop.Token);
        _input = input;
        _work = Task.Run(() => _root.RunAsync(PipelineScript.Root, input));
        return Task.CompletedTask;
    }

    public Task<JsonElement> EndAsync() => _work.WaitAsync(TestContext.Current.CancellationToken);

    // The engine leaves such a run alone: its caller gets the error.
    public async Task<JobFailure> RefusalAsync() =>
        new(FailureClass.InvalidInput, (await Assert.ThrowsAsync<InvalidInputException>(EndAsync)).Message);

    public Task SignalAsync<T>(string name, T value)
    {
        _root.Raise(name, value);
        return Task.CompletedTask;
    }

    public async Task RestartAsync()
    {
        await StopAsync();
        _stop = new CancellationTokenSource();
        await BeginAsync(_input);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task StopAsync()
    {
        await _stop.CancelAsync();
        await ((Task)_work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}

/// <summary>The contract of a pipeline's steps over the embedded engine.</summary>
public sealed class EmbeddedPipelineStepsTests : PipelineStepsContract
{
    internal override Task<IScriptHost> StartAsync(PipelineScript script) => Task.FromResult<IScriptHost>(new EmbeddedScriptHost(script));
}

/// <summary>The contract of what happens to a pipeline over the embedded engine.</summary>
public sealed class EmbeddedPipelineEventsTests : PipelineEventsContract
{
    internal override Task<IScriptHost> StartAsync(PipelineScript script) => Task.FromResult<IScriptHost>(new EmbeddedScriptHost(script));
}
