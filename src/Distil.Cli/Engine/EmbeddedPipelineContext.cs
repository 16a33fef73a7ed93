using System.Collections.Concurrent;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Pipeline;
using Distil.Core.Runs;

namespace Distil.Cli.Engine;

/// <summary>What the pipeline may use of the world, in this process.</summary>
/// <remarks>Every step with an answer goes through <see cref="StepAsync"/>: a journal that survives this process belongs there and nowhere else.</remarks>
internal sealed class EmbeddedPipelineContext(EmbeddedEngine engine, string runId, CancellationToken cancel) : IPipelineContext
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonElement>> signals = new();

    /// <inheritdoc />
    public string RunId => runId;

    /// <inheritdoc />
    public DateTimeOffset Now => engine.Time.GetUtcNow();

    /// <inheritdoc />
    public Task<TOutput> CallActivityAsync<TInput, TOutput>(string activity, TInput input) =>
        StepAsync<TInput, TOutput>(input, json => engine.CallActivityAsync(activity, json, cancel));

    /// <inheritdoc />
    public Task<TOutput> CallSubPipelineAsync<TInput, TOutput>(string name, string pipeline, TInput input) =>
        StepAsync<TInput, TOutput>(input, json => PipelineCatalog.RunAsync(pipeline, new EmbeddedPipelineContext(engine, runId, cancel), json));

    /// <inheritdoc />
    public Task DelayAsync(TimeSpan time) => Task.Delay(time, engine.Time, cancel);

    /// <inheritdoc />
    public async Task<T> WaitForSignalAsync<T>(string name) => (await Signal(name).Task.WaitAsync(cancel)).Deserialize<T>(DistilJson.Options)!;

    /// <inheritdoc />
    public void SetStatus(RunStatus status) => engine.Publish(status);

    /// <summary>Gives the pipeline a signal. A second one of that name counts for nothing.</summary>
    internal void Raise<T>(string name, T value) => Signal(name).TrySetResult(JsonSerializer.SerializeToElement(value, DistilJson.Options));

    private static async Task<TOutput> StepAsync<TInput, TOutput>(TInput input, Func<JsonElement, Task<JsonElement>> step)
    {
        var answer = await step(JsonSerializer.SerializeToElement(input, DistilJson.Options));
        return answer.Deserialize<TOutput>(DistilJson.Options)!;
    }

    private TaskCompletionSource<JsonElement> Signal(string name) =>
        signals.GetOrAdd(name, _ => new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously));
}
