using System.Text.Json;
using Distil.Core.Errors;
using Distil.Core.Jobs;
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
    public static Task<JsonElement> DistillAsync([OrchestrationTrigger] TaskOrchestrationContext durable) =>
        RunAsync(durable, (context, input) => PipelineCatalog.RunAsync(PipelineCatalog.Distill, context, input));

    /// <summary>A range of a stage's shards, one after the other.</summary>
    [Function(ShardsPipeline.Name)]
    public static Task<JsonElement> ShardsAsync([OrchestrationTrigger] TaskOrchestrationContext durable) => PartAsync(ShardsPipeline.Name, durable);

    /// <summary>One job until it is done.</summary>
    [Function(JobPipeline.Name)]
    public static Task<JsonElement> JobAsync([OrchestrationTrigger] TaskOrchestrationContext durable) => PartAsync(JobPipeline.Name, durable);

    /// <summary>A stretch of a hundred polls of a long job.</summary>
    [Function(WatchPipeline.Name)]
    public static Task<JsonElement> WatchAsync([OrchestrationTrigger] TaskOrchestrationContext durable) => PartAsync(WatchPipeline.Name, durable);

    /// <summary>Runs a run's pipeline. If it refuses its input, the run has failed, and its status says why.</summary>
    internal static async Task<JsonElement> RunAsync(TaskOrchestrationContext durable, Func<IPipelineContext, JsonElement, Task<JsonElement>> pipeline)
    {
        var context = new DurablePipelineContext(durable);
        JsonElement outcome;
        try
        {
            outcome = await pipeline(context, durable.GetInput<JsonElement>());
        }
        catch (InvalidInputException refused)
        {
            outcome = StepAnswer.ToJson(context.Fail(new JobFailure(FailureClass.InvalidInput, refused.Message)));
        }

        await context.FlushAsync();
        return outcome;
    }

    /// <summary>Runs a sub-pipeline.</summary>
    internal static Task<JsonElement> PartAsync(TaskOrchestrationContext durable, Func<IPipelineContext, JsonElement, Task<JsonElement>> pipeline) =>
        StepAnswer.OfAsync(
            () => pipeline(new DurablePipelineContext(durable), durable.GetInput<JsonElement>()), failed => (failed as PipelineStepException)?.Failure);

    private static Task<JsonElement> PartAsync(string name, TaskOrchestrationContext durable) =>
        PartAsync(durable, (context, input) => PipelineCatalog.RunAsync(name, context, input));
}
