using System.Text.Json;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Artifacts.Leases;

namespace Distil.Core.Pipeline.Activities;

/// <summary>Checks whether a shared artifact exists and need not be made. A damaged manifest is deleted, so that it can be written again.</summary>
/// <remarks>It checks under the artifact's lease: a process that deletes the artifact needs the same lease, and has either finished or sees the plan of this
/// run.</remarks>
public sealed class FindArtifact(ArtifactStore store, TimeProvider time) : IActivity<Artifact, bool>
{
    /// <summary>Its name as a function.</summary>
    public const string Id = "find-artifact";

    /// <summary>Its name in the catalogue.</summary>
    public static ActivityName<Artifact, bool> Name { get; } = new(Id, RetryPolicy.Storage);

    /// <inheritdoc/>
    public async Task<bool> RunAsync(Artifact input, CancellationToken cancel)
    {
        var artifact = (SharedArtifact)input;
        await using var lease = await Lease.TakeAsync(store, artifact.Lease, time, cancel);
        if (await store.TryReadTextAsync(artifact.Closing, cancel) is not { } text)
        {
            return false;
        }

        try
        {
            JsonDocument.Parse(text).Dispose();
            return true;
        }
        catch (JsonException)
        {
            await store.DeleteAsync(artifact.Closing, cancel);
            return false;
        }
    }
}
