using Distil.Core.Artifacts;

namespace Distil.Core.Pipeline.Activities;

/// <summary>Whether a blob exists: a manifest that does needs no making.</summary>
public sealed class FindBlob(ArtifactStore store) : IActivity<string, bool>
{
    /// <summary>Its name in the catalogue.</summary>
    public const string Name = "find-blob";

    /// <inheritdoc/>
    public Task<bool> RunAsync(string input, CancellationToken cancel) => store.ExistsAsync(input, cancel);
}
