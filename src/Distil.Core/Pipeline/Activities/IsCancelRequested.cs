using Distil.Core.Artifacts;

namespace Distil.Core.Pipeline.Activities;

/// <summary>Checks whether a run's cancellation was requested.</summary>
public sealed class IsCancelRequested(ArtifactStore store) : IActivity<string, bool>
{
    /// <summary>Its name as a function.</summary>
    public const string Id = "is-cancel-requested";

    /// <summary>Its name in the catalogue.</summary>
    public static ActivityName<string, bool> Name { get; } = new(Id, RetryPolicy.Storage);

    /// <inheritdoc/>
    public Task<bool> RunAsync(string input, CancellationToken cancel) => store.ExistsAsync(ArtifactLayout.Cancel(input), cancel);
}
