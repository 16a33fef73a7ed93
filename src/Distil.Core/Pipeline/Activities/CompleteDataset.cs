using Distil.Core.Artifacts;
using Distil.Core.Jobs;

namespace Distil.Core.Pipeline.Activities;

/// <summary>Writes a dataset's manifest over its shards' documents.</summary>
public sealed class CompleteDataset(ArtifactStore store) : IActivity<CompleteInput, CompleteOutput>
{
    /// <summary>Its name in the catalogue.</summary>
    public const string Name = "complete-dataset";

    /// <inheritdoc/>
    public async Task<CompleteOutput> RunAsync(CompleteInput input, CancellationToken cancel)
    {
        var (shards, missing) = await ShardDocuments.ReadAsync<DatasetShard>(store, input.Shards, shard => ArtifactLayout.DatasetShard(input.DatasetId, shard), cancel);
        if (missing.Count > 0)
        {
            return new CompleteOutput(Missing: missing);
        }

        var manifest = new DatasetManifest
        {
            DatasetId = input.DatasetId,
            Shards = shards,
            Counts = DocumentCounts.Sum([.. shards.Select(shard => shard.Counts)]),
            TrainRows = shards.Sum(shard => shard.Train?.Rows ?? 0),
            TrainTokens = shards.Sum(shard => shard.Train?.Tokens ?? 0),
            EvalRows = shards.Sum(shard => shard.Eval?.Rows ?? 0),
            EvalTokens = shards.Sum(shard => shard.Eval?.Tokens ?? 0),
        };
        if (Empty(manifest) is { } message)
        {
            return new CompleteOutput(new JobFailure(FailureClass.InvalidInput, message));
        }

        await store.TryCreateJsonAsync(ArtifactLayout.DatasetManifest(input.DatasetId), manifest, cancel);
        return new CompleteOutput();
    }

    private static string? Empty(DatasetManifest manifest) => manifest switch
    {
        { TrainRows: 0, Counts: { PassedOver: > 0 } counts } =>
            $"dataset.sources: no row to train on; of {counts.Read:N0} documents {counts.DescribePassedOver()}; expected text in dataset.textField",
        { TrainRows: 0 } => "dataset.sources: no row to train on; expected more text, or a smaller dataset.contextLength or dataset.evalFraction",
        { EvalRows: 0 } => "dataset: no row held out for evaluation; expected more documents, dataset.evalSources or a larger dataset.evalFraction",
        _ => null,
    };
}

/// <summary>What the closing activities need.</summary>
/// <param name="DatasetId">Content address of the dataset.</param>
/// <param name="TeacherOutputsId">Content address of the teacher's outputs.</param>
/// <param name="Shards">Shards in both.</param>
public sealed record CompleteInput(string DatasetId, string TeacherOutputsId, int Shards);

/// <summary>What the closing activities answer.</summary>
/// <param name="Failure">Why there can be no manifest; null where there can.</param>
/// <param name="Missing">Shards without a document that can be read, which must be made first; null where none is missing.</param>
public sealed record CompleteOutput(JobFailure? Failure = null, IReadOnlyList<int>? Missing = null);
