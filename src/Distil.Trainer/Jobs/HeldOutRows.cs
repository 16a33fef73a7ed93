using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Trainer.Datasets;
using Distil.Trainer.Evaluation;

namespace Distil.Trainer.Jobs;

/// <summary>Reads a dataset's held-out rows for jobs.</summary>
internal static class HeldOutRows
{
    /// <summary>Reads the first held-out rows, without padding; of rows with documents, each of these as a row.</summary>
    /// <param name="job">The job.</param>
    /// <param name="dataset">The dataset.</param>
    /// <param name="max">Maximum number of rows.</param>
    public static async Task<IReadOnlyList<EvaluationRow>> ReadEvalRowsAsync(this JobContext job, Dataset dataset, int max) =>
        Read(await job.FetchEvalRowsAsync(dataset, max), max);

    /// <summary>Fetches the files with the first held-out rows.</summary>
    /// <param name="job">The job.</param>
    /// <param name="dataset">The dataset.</param>
    /// <param name="max">Maximum number of rows.</param>
    public static async Task<IReadOnlyList<string>> FetchEvalRowsAsync(this JobContext job, Dataset dataset, int max)
    {
        var manifest = await job.Store.ReadJsonAsync<DatasetManifest>(dataset.Closing, job.Stop);
        return [.. (await job.Cache.GetAllAsync(job.Store, Enough(manifest, max), job.Stop)).Select(path => path!)];
    }

    /// <summary>Reads the first rows of files, without padding; of rows with documents, each of these as a row.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="max">Maximum number of rows.</param>
    public static IReadOnlyList<EvaluationRow> Read(IReadOnlyList<string> paths, int max)
    {
        var (found, read) = (new List<EvaluationRow>(), 0);
        foreach (var path in paths)
        {
            using var rows = TokenRows.Open(path);
            var ids = new long[rows.ContextLength];
            for (var row = 0; row < rows.Rows && read < max; row++, read++)
            {
                var real = rows.ReadRow(row, ids);
                var counts = rows.IsMasked ? new bool[real] : null;
                if (counts is not null)
                {
                    rows.ReadMask(row, counts);
                }

                var whole = new EvaluationRow(ids[..real], counts);
                found.AddRange(rows.HasDocuments ? whole.Apart(rows.DocumentsOf(row)) : [whole]);
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
