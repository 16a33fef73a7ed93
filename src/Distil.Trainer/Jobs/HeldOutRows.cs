using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Trainer.Datasets;
using Distil.Trainer.Evaluation;

namespace Distil.Trainer.Jobs;

/// <summary>Reads a dataset's held-out rows for jobs.</summary>
internal static class HeldOutRows
{
    /// <summary>Reads the first held-out rows, without padding.</summary>
    /// <param name="job">The job.</param>
    /// <param name="dataset">The dataset.</param>
    /// <param name="max">Maximum number of rows.</param>
    public static async Task<IReadOnlyList<EvaluationRow>> ReadEvalRowsAsync(this JobContext job, Dataset dataset, int max)
    {
        var manifest = await job.Store.ReadJsonAsync<DatasetManifest>(dataset.Closing, job.Stop);
        var found = new List<EvaluationRow>();
        foreach (var path in await job.Cache.GetAllAsync(job.Store, Enough(manifest, max), job.Stop))
        {
            using var rows = TokenRows.Open(path!);
            var ids = new long[rows.ContextLength];
            for (var row = 0; row < rows.Rows && found.Count < max; row++)
            {
                var real = rows.ReadRow(row, ids);
                var counts = rows.IsMasked ? new bool[real] : null;
                if (counts is not null)
                {
                    rows.ReadMask(row, counts);
                }

                found.Add(new(ids[..real], counts));
            }
        }

        return found;
    }

    // The first files that have enough rows.
    private static IEnumerable<ArtifactFile> Enough(DatasetManifest manifest, long max)
    {
        foreach (var eval in manifest.Shards.Select(shard => shard.Eval).OfType<TokenFile>().TakeWhile(_ => max > 0))
        {
            yield return eval.File;
            max -= eval.Rows;
        }
    }
}
