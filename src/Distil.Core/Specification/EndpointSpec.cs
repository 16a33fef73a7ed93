using System.ComponentModel.DataAnnotations;

namespace Distil.Core.Specification;

/// <summary>A server that computes the teacher's outputs for the training rows. <c>teacher.path</c> remains the same model's folder: its tokenizer makes the
/// rows, its embedding and head are the student's, and evaluation measures it.</summary>
public sealed record EndpointSpec
{
    /// <value>The server's root, with or without <c>/v1</c>: <c>https://host</c> or <c>http://host:8000</c>. A key for it belongs in the environment
    /// variable <c>DISTIL_TEACHER_KEYS</c>, not in the specification.</value>
    [MinLength(1)]
    public required string Url { get; init; }

    /// <value>The model's name on the server. The outputs' id depends on it and not on the URL, so one name must always mean the same weights.</value>
    [MinLength(1)]
    public required string Model { get; init; }

    /// <value>The server's program. Default vllm.</value>
    public EndpointApi Api { get; init; } = EndpointApi.Vllm;

    /// <value>Requests that a job sends at once, each for one row. 1–256, default 8.</value>
    [Range(1.0, 256.0)]
    public int ParallelRequests { get; init; } = 8;
}

/// <summary>How a server is asked for the log-probabilities of a prompt's tokens.</summary>
public enum EndpointApi
{
    /// <summary>As vLLM: OpenAI's completions with <c>prompt_logprobs</c>.</summary>
    Vllm,

    /// <summary>As SGLang: its own <c>/generate</c>, because its completions name tokens by their text, which is not unique.</summary>
    Sglang,
}
