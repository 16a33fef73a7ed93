namespace Distil.Core.Http;

/// <summary>How long a server is waited for.</summary>
public sealed record RetryOptions
{
    /// <value>Times that a request is tried, and a transfer goes on after cuts that brought nothing, ≥ 1. Default 5, as huggingface_hub.</value>
    public int Tries { get; init; } = 5;

    /// <value>Wait after a first failed try; doubled after each, at most 8 seconds. Default 1 second.</value>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <value>Longest silence of the server. Default 30 seconds.</value>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(30);

    /// <value>Longest wait that a server may ask for (429, 503) before it is an error. Default 10 minutes.</value>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(10);
}
