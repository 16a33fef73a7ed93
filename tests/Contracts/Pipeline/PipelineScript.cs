using System.Collections.Concurrent;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;

namespace Distil.Contracts.Pipeline;

/// <summary>The pipelines and activities of one test, for a host to run instead of the real ones.</summary>
internal sealed class PipelineScript
{
    /// <summary>The run's own pipeline.</summary>
    public const string Root = "root";

    /// <value>The activities by name.</value>
    public ActivityCatalog Activities { get; } = new();

    /// <value>The pipelines by name.</value>
    public Dictionary<string, Func<IPipelineContext, JsonElement, Task<JsonElement>>> Pipelines { get; } = [];

    /// <value>The activities called, in order: name and input.</value>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Adds a pipeline.</summary>
    public void Pipeline<TInput, TOutput>(string name, Func<IPipelineContext, TInput, Task<TOutput>> code) => Pipelines.Add(name, PipelineCatalog.Over(code));

    /// <summary>Adds an activity that is called at most <paramref name="attempts"/> times.</summary>
    public ActivityName<TInput, TOutput> Activity<TInput, TOutput>(string id, Func<TInput, Task<TOutput>> answer, int attempts = 1)
    {
        var name = new ActivityName<TInput, TOutput>(id, new RetryPolicy(attempts, new Backoff(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(2))));
        Activities.Add(name, new Scripted<TInput, TOutput>(input =>
        {
            Calls.Enqueue($"{id} {JsonSerializer.Serialize(input, DistilJson.Options)}");
            return answer(input);
        }));
        return name;
    }

    private sealed class Scripted<TInput, TOutput>(Func<TInput, Task<TOutput>> answer) : IActivity<TInput, TOutput>
    {
        public Task<TOutput> RunAsync(TInput input, CancellationToken cancel) => answer(input);
    }
}
