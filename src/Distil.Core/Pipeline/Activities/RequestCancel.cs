using Distil.Core.Artifacts;

namespace Distil.Core.Pipeline.Activities;

/// <summary>Stores the request to cancel a run, for the pipelines of its jobs.</summary>
public sealed class RequestCancel(ArtifactStore store) : IActivity<string, bool>
{
    /// <summary>Its name as a function.</summary>
    public const string Id = "request-cancel";

    /// <summary>Its name in the catalogue.</summary>
    public static ActivityName<string, bool> Name { get; } = new(Id, RetryPolicy.Storage);

    /// <inheritdoc/>
    public async Task<bool> RunAsync(string input, CancellationToken cancel)
    {
        await store.WriteJsonAsync(ArtifactLayout.Cancel(input), new { RunId = input }, cancel);
        return true;
    }
}
