namespace Distil.Core.Http;

/// <summary>How often requests are retried, and how long to wait for a server.</summary>
public sealed record RetryOptions
{
    /// <value>Maximum number of tries of a request, and of resumptions in a row that transfer nothing; ≥ 1. Default 5, as in huggingface_hub.</value>
    public int Tries { get; init; } = 5;

    /// <value>Delay after the first failure; it doubles with each further one, up to 8 seconds, with jitter. Default 1 second.</value>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <value>Maximum silence of the server, after it has received a request's body. Default 30 seconds.</value>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(30);

    /// <value>Maximum delay that a server may ask for (429, 503); a longer one is an error. Default 10 minutes.</value>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromMinutes(10);
}
