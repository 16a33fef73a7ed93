using Distil.Core.Artifacts;
using Distil.Trainer.Datasets;

namespace Distil.Trainer.Jobs;

/// <summary>How jobs read the dataset.</summary>
internal static class DatasetReading
{
    /// <summary>The manifest of the run's dataset.</summary>
    public static Task<DatasetManifest> ReadDatasetAsync(this JobContext job) =>
        job.Store.ReadJsonAsync<DatasetManifest>(ArtifactLayout.DatasetManifest(job.Request.DatasetId), job.Stop);

    /// <summary>Opens a shard's file of rows, downloaded where it is not here and made again where it is bad.</summary>
    public static async Task<TokenRows> OpenRowsAsync(this JobContext job, TokenFile file, int shard) =>
        TokenRows.Open(await job.GetTokensAsync(file.File, shard));

    /// <summary>The first held-out rows, their real tokens only.</summary>
    /// <param name="job">The job.</param>
    /// <param name="dataset">From <see cref="ReadDatasetAsync"/>.</param>
    /// <param name="most">Most rows.</param>
    public static async Task<IReadOnlyList<long[]>> ReadEvalRowsAsync(this JobContext job, DatasetManifest dataset, int most)
    {
        var found = new List<long[]>();
        foreach (var shard in dataset.Shards.Where(shard => shard.Eval is not null))
        {
            if (found.Count >= most)
            {
                break;
            }

            using var rows = await job.OpenRowsAsync(shard.Eval!, shard.Index);
            var ids = new long[rows.ContextLength];
            for (var row = 0; row < rows.Rows && found.Count < most; row++)
            {
                var real = rows.ReadRow(row, ids);
                found.Add(ids[..real]);
            }
        }

        return found;
    }
}
