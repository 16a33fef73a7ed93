using Azure.Core;

namespace Distil.Azure.ResourceManager;

/// <summary>Options of <see cref="ResourceManagerClient"/>. <see cref="ClientOptions.Retry"/> bounds the retries: at most 5, after 2, 4, … 32 s, with
/// jitter.</summary>
public sealed class ResourceManagerOptions : ClientOptions
{
    /// <summary>Makes the default options.</summary>
    public ResourceManagerOptions()
    {
        Retry.MaxRetries = 5;
        Retry.Delay = TimeSpan.FromSeconds(2);
        Retry.MaxDelay = TimeSpan.FromMinutes(1);
    }

    /// <value>Base address of the service. Default: the public cloud's.</value>
    public Uri Endpoint { get; init; } = new("https://management.azure.com");

    /// <value>Delay between two polls of a long-running operation; the service can ask for a longer one (Retry-After). Default 5 s.</value>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <value>Maximum duration of a long-running operation, for instance of the start of an execution. Default 20 min.</value>
    public TimeSpan MaxOperationTime { get; init; } = TimeSpan.FromMinutes(20);
}
