using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Artifacts.Leases;

namespace Distil.Core.Pipeline.Activities;

/// <summary>Writes the manifest of a shared artifact over its shards' documents, under the artifact's lease.</summary>
public sealed class CloseArtifact(ArtifactStore store, TimeProvider time) : IActivity<Artifact, CloseOutput>
{
    /// <summary>Its name as a function.</summary>
    public const string Id = "close-artifact";

    /// <summary>Its name in the catalogue.</summary>
    public static ActivityName<Artifact, CloseOutput> Name { get; } = new(Id, RetryPolicy.Storage);

    /// <inheritdoc/>
    public async Task<CloseOutput> RunAsync(Artifact input, CancellationToken cancel)
    {
        var artifact = (SharedArtifact)input;
        await using var lease = await Lease.TakeAsync(store, artifact.Lease, time, cancel);
        return await artifact.CloseAsync(store, cancel);
    }
}
