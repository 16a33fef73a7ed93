using System.Text.Json;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Pipeline.Activities;

namespace Distil.Core.Pipeline;

/// <summary>Every pipeline by its name, for a host to run with JSON in and JSON out.</summary>
public static class PipelineCatalog
{
    /// <summary>A whole run: <see cref="PipelineInput"/> to <see cref="RunOutcome"/>.</summary>
    public const string Distill = "distill";

    private static readonly Dictionary<string, Func<IPipelineContext, JsonElement, Task<JsonElement>>> Pipelines = new()
    {
        [Distill] = Over<PipelineInput, RunOutcome>(DistillPipeline.RunAsync),
        [ShardsPipeline.Name] = Over<ShardRange, JobOutcome>(ShardsPipeline.RunAsync),
        [JobPipeline.Name] = Over<JobSpec, JobOutcome>(JobPipeline.RunAsync),
        [WatchPipeline.Name] = Over<WatchInput, JobAnswer>(WatchPipeline.RunAsync),
    };

    /// <value>The pipelines' names.</value>
    public static IReadOnlyCollection<string> Names => Pipelines.Keys;

    /// <summary>Runs a pipeline.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="context">The pipeline's own context.</param>
    /// <param name="input">Its input, by <see cref="DistilJson.Options"/>.</param>
    public static Task<JsonElement> RunAsync(string name, IPipelineContext context, JsonElement input) => Pipelines[name](context, input);

    /// <summary>A pipeline with JSON in and JSON out. An input of another version ends it with an <see cref="Errors.InvalidInputException"/>.</summary>
    internal static Func<IPipelineContext, JsonElement, Task<JsonElement>> Over<TInput, TOutput>(Func<IPipelineContext, TInput, Task<TOutput>> pipeline) =>
        async (context, input) =>
        {
            var read = DocumentVersion.Read<TInput>($"{context.RunId}: the pipeline's input", JsonSerializer.SerializeToUtf8Bytes(input))!;
            return JsonSerializer.SerializeToElement(await pipeline(context, read), DistilJson.Options);
        };
}
