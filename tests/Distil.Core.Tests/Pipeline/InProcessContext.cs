using System.Collections.Concurrent;
using System.Text.Json;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;

namespace Distil.Core.Tests.Pipeline;

/// <summary>A pipeline host in memory: real activities, virtual time, every payload through JSON.</summary>
internal sealed class InProcessContext(ActivityCatalog activities, string runId) : IPipelineContext
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<object>> _signals = new();
    private readonly Lock _clock = new();

    public string RunId => runId;

    public DateTimeOffset Now { get; private set; } = DateTimeOffset.UnixEpoch;

    /// <value>Each activity called, with its answer, in order.</value>
    public ConcurrentQueue<(string Name, string Input, JsonElement Output)> Calls { get; } = new();

    /// <value>The names of all sub-pipelines called, in order.</value>
    public ConcurrentQueue<string> SubPipelines { get; } = new();

    public ConcurrentQueue<RunStatus> Statuses { get; } = new();

    public List<TimeSpan> Delays { get; } = [];

    /// <value>What happens outside while a delay lasts.</value>
    public Func<TimeSpan, Task> OnDelay { get; set; } = _ => Task.CompletedTask;

    /// <value>By activity: the failure it ends with, after all its retries.</value>
    public Dictionary<string, JobFailure> Failing { get; } = [];

    /// <value>Answers from an earlier life, taken before any activity is called.</value>
    public Queue<(string Name, string Input, JsonElement Output)> History { get; init; } = [];

    public async Task<TOutput> CallActivityAsync<TInput, TOutput>(ActivityName<TInput, TOutput> activity, TInput input)
    {
        var json = JsonSerializer.SerializeToElement(input, DistilJson.Options);
        if (History.TryDequeue(out var past))
        {
            Assert.Equal((past.Name, past.Input), (activity.Id, json.GetRawText()));
            return past.Output.Deserialize<TOutput>(DistilJson.Options)!;
        }

        await Task.Yield();
        if (Failing.TryGetValue(activity.Id, out var failure))
        {
            throw new PipelineStepException(activity.Id, failure);
        }

        var output = await activities.CallAsync(activity.Id, json, CancellationToken.None);
        Calls.Enqueue((activity.Id, json.GetRawText(), output));
        return output.Deserialize<TOutput>(DistilJson.Options)!;
    }

    public async Task<TOutput> CallSubPipelineAsync<TInput, TOutput>(string name, string pipeline, TInput input)
    {
        SubPipelines.Enqueue(name);
        return (await PipelineCatalog.RunAsync(pipeline, this, JsonSerializer.SerializeToElement(input, DistilJson.Options)))
            .Deserialize<TOutput>(DistilJson.Options)!;
    }

    public async Task DelayAsync(TimeSpan time)
    {
        await Task.Yield();
        await OnDelay(time);
        lock (_clock)
        {
            Delays.Add(time);
            Now += time;
        }
    }

    public async Task<T> WaitForSignalAsync<T>(string name) => (T)await Signal(name).Task;

    public void Send(string name, object value) => Signal(name).SetResult(value);

    public void SetStatus(RunStatus status) => Statuses.Enqueue(status);

    private TaskCompletionSource<object> Signal(string name) =>
        _signals.GetOrAdd(name, _ => new TaskCompletionSource<object>(TaskCreationOptions.RunContinuationsAsynchronously));
}
