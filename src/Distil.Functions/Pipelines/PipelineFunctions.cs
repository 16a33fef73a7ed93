using System.Text.Json;
using Distil.Core.Pipeline;
using Distil.Functions.Activities;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Distil.Functions.Pipelines;

/// <summary>The pipelines as orchestrations, by the names of <see cref="PipelineCatalog"/>.</summary>
public static class PipelineFunctions
{
    /// <summary>A whole run: <see cref="PipelineInput"/> to <see cref="RunOutcome"/>. The instance has the run's id.</summary>
    [Function(PipelineCatalog.Distill)]
    public static async Task<JsonElement> DistillAsync([OrchestrationTrigger] TaskOrchestrationContext durable)
    {
        var context = new DurablePipelineContext(durable);
        var outcome = await PipelineCatalog.RunAsync(PipelineCatalog.Distill, context, durable.GetInput<JsonElement>());
        await context.FlushAsync();
        return outcome;
    }

    /// <summary>A range of a stage's shards, one after the other.</summary>
    [Function(ShardsPipeline.Name)]
    public static Task<JsonElement> ShardsAsync([OrchestrationTrigger] TaskOrchestrationContext durable) => PartAsync(ShardsPipeline.Name, durable);

    /// <summary>One job until it is done.</summary>
    [Function(JobPipeline.Name)]
    public static Task<JsonElement> JobAsync([OrchestrationTrigger] TaskOrchestrationContext durable) => PartAsync(JobPipeline.Name, durable);

    /// <summary>A stretch of a hundred polls of a long job.</summary>
    [Function(WatchPipeline.Name)]
    public static Task<JsonElement> WatchAsync([OrchestrationTrigger] TaskOrchestrationContext durable) => PartAsync(WatchPipeline.Name, durable);

    private static Task<JsonElement> PartAsync(string name, TaskOrchestrationContext durable) => StepAnswer.OfAsync(
        () => PipelineCatalog.RunAsync(name, new DurablePipelineContext(durable), durable.GetInput<JsonElement>()),
        failed => (failed as PipelineStepException)?.Failure);
}
