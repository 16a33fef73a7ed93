using System.Text.Json;
using Distil.Core;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;

namespace Distil.Functions.Activities;

/// <summary>What an activity or a sub-orchestration gives back: a value, or a failure that trying again does not mend.</summary>
/// <remarks>An exception would lose the failure's class on its way through Durable, and be tried again.</remarks>
internal sealed record StepAnswer(JsonElement? Value = null, JobFailure? Failure = null)
{
    /// <summary>Does a step and keeps its failure.</summary>
    public static async Task<JsonElement> OfAsync(Func<Task<JsonElement>> step, Func<Exception, JobFailure?> failureOf)
    {
        try
        {
            return ToJson(new StepAnswer(await step()));
        }
        catch (Exception failed) when (failureOf(failed) is { } failure)
        {
            return ToJson(new StepAnswer(Failure: failure));
        }
    }

    /// <summary>The value of an answer.</summary>
    /// <exception cref="PipelineStepException">It is a failure.</exception>
    public static TOutput Read<TOutput>(string step, JsonElement answer) => answer.Deserialize<StepAnswer>(DistilJson.Options)! switch
    {
        { Failure: { } failure } => throw new PipelineStepException(step, failure),
        { Value: { } value } => value.Deserialize<TOutput>(DistilJson.Options)!,
        _ => throw new InvalidOperationException($"{step} answered with neither a value nor a failure"),
    };

    /// <summary>A payload, in Distil's dialect whatever Durable's is.</summary>
    public static JsonElement ToJson<T>(T value) => JsonSerializer.SerializeToElement(value, DistilJson.Options);
}
