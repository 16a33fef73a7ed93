namespace Distil.Core.Pipeline;

/// <summary>An activity's name, with the types of its input and output.</summary>
/// <param name="Id">Unique among activities; also the name of its Durable function.</param>
/// <param name="Retries">How often a host calls the activity if it fails.</param>
public sealed record ActivityName<TInput, TOutput>(string Id, RetryPolicy Retries);
