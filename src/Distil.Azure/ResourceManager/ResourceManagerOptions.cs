namespace Distil.Azure.ResourceManager;

/// <summary>How Azure Resource Manager is called.</summary>
public sealed record ResourceManagerOptions
{
    /// <value>Where it is. Default the public cloud's.</value>
    public Uri Endpoint { get; init; } = new("https://management.azure.com");

    /// <value>Times that a request is sent at most, ≥ 1. Default 6: with the pauses below, a minute of trouble passes unseen.</value>
    public int MaxTries { get; init; } = 6;

    /// <value>Pause after the first failure; each further one is twice as long. A Retry-After of the service outranks it. Default 2 s.</value>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(2);

    /// <value>Longest pause of its own. Default 1 min.</value>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(1);

    /// <value>How often a long operation is asked after where the service does not say. Default 5 s.</value>
    public TimeSpan OperationPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <value>Longest that an operation may be under way, the start of an execution for instance. Default 20 min.</value>
    public TimeSpan LongestOperation { get; init; } = TimeSpan.FromMinutes(20);
}
