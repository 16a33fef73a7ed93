using Distil.Core.Artifacts;

namespace Distil.Core.Pipeline.Activities;

/// <summary>Writes the manifest of a teacher's outputs over its shards' documents.</summary>
public sealed class CompleteTeacherOutputs(ArtifactStore store) : IActivity<CompleteInput, CompleteOutput>
{
    /// <summary>Its name in the catalogue.</summary>
    public const string Name = "complete-teacher-outputs";

    /// <inheritdoc/>
    public async Task<CompleteOutput> RunAsync(CompleteInput input, CancellationToken cancel)
    {
        var (shards, missing) = await ShardDocuments.ReadAsync<TeacherOutputsShard>(
            store, input.Shards, shard => ArtifactLayout.TeacherOutputsShard(input.TeacherOutputsId, shard), cancel);
        if (missing.Count > 0)
        {
            return new CompleteOutput(Missing: missing);
        }

        var (tokens, bytes) = (shards.Sum(shard => shard.Tokens), shards.Sum(shard => shard.File?.Bytes ?? 0));
        var manifest = new TeacherOutputsManifest
        {
            TeacherOutputsId = input.TeacherOutputsId,
            DatasetId = input.DatasetId,
            Shards = shards,
            Tokens = tokens,
            Bytes = bytes,
            BytesPerToken = tokens == 0 ? 0 : (double)bytes / tokens,
        };
        await store.TryCreateJsonAsync(ArtifactLayout.TeacherOutputsManifest(input.TeacherOutputsId), manifest, cancel);
        return new CompleteOutput();
    }
}
