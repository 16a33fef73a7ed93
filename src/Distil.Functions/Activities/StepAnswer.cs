using System.Text.Json;
using Distil.Core;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;

namespace Distil.Functions.Activities;

/// <summary>The result of an activity or a sub-orchestration: a value, or a failure that a retry cannot fix.</summary>
/// <remarks>An exception would lose the failure's class on its way through Durable, and would be retried.</remarks>
internal sealed record StepAnswer(JsonElement? Value = null, JobFailure? Failure = null)
{
    /// <summary>Runs a step and returns its value or its failure.</summary>
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

    /// <summary>Returns the value of an answer.</summary>
    /// <exception cref="PipelineStepException">The answer is a failure.</exception>
    public static TOutput Read<TOutput>(string step, JsonElement answer) => answer.Deserialize<StepAnswer>(DistilJson.Options)! switch
    {
        { Failure: { } failure } => throw new PipelineStepException(step, failure),
        { Value: { } value } => value.Deserialize<TOutput>(DistilJson.Options)!,
        _ => throw new InvalidOperationException($"{step} answered with neither a value nor a failure"),
    };

    /// <summary>Serialises a payload with Distil's JSON options, independently of Durable's.</summary>
    public static JsonElement ToJson<T>(T value) => JsonSerializer.SerializeToElement(value, DistilJson.Options);
}
