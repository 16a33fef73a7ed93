using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Leases;
using Distil.Core.Errors;

namespace Distil.Trainer.Jobs;

/// <summary>Shards are shared by runs and outlive them; one that turns out bad is made again by whoever needs it, and the reader is told.</summary>
internal static class ShardRepair
{
    /// <summary>A shard's closing document; null where there is none that can be read.</summary>
    public static async Task<T?> FindShardAsync<T>(this JobContext job, string closing)
        where T : class
    {
        try
        {
            return await job.Store.TryReadJsonAsync<T>(closing, job.Stop);
        }
        catch (ArtifactException bad)
        {
            await Console.Error.WriteLineAsync($"{bad.Message}; the shard is made again");
            return null;
        }
    }

    /// <summary>The path of a file of tokens on this machine.</summary>
    /// <exception cref="InvalidInputException">It is bad and cannot be made again: the sources have changed.</exception>
    public static Task<string> GetTokensAsync(this JobContext job, ArtifactFile file, int shard) =>
        job.GetOrMakeAsync(file, ArtifactLayout.DatasetShard(job.Request.DatasetId, shard), async () =>
        {
            var made = await PrepareJob.MakeAsync(job, shard);
            return new[] { made.Train?.File, made.Eval?.File }.Contains(file) ? file : throw new InvalidInputException(
                $"{file.Name}: what was made in its place differs from the dataset's manifest; the sources of {job.Request.DatasetId} have changed. A new run prepares them anew");
        });

    /// <summary>The path of a shard's teacher outputs on this machine.</summary>
    public static Task<string> GetTeacherOutputsAsync(this JobContext job, ArtifactFile file, int shard) =>
        job.GetOrMakeAsync(file, ArtifactLayout.TeacherOutputsShard(job.Request.TeacherOutputsId, shard), async () =>
        {
            var made = await TeachJob.MakeAsync(job, shard);

            // Another device may round otherwise: then the manifest must say so, or the next reader finds it bad again.
            var blob = ArtifactLayout.TeacherOutputsManifest(job.Request.TeacherOutputsId);
            if (made.File != file && await job.Store.TryReadJsonAsync<TeacherOutputsManifest>(blob, job.Stop) is { } manifest)
            {
                await job.Store.WriteJsonAsync(blob, manifest with { Shards = [.. manifest.Shards.Select(each => each.Index == shard ? made : each)] }, job.Stop);
            }

            return made.File!;
        });

    private static async Task<string> GetOrMakeAsync(this JobContext job, ArtifactFile file, string closing, Func<Task<ArtifactFile>> make)
    {
        if (await TryGetAsync(job, file) is { } path)
        {
            return path;
        }

        await using var lease = await Lease.TakeAsync(job.Store, ArtifactLayout.LeaseOn(closing), job.Time, () => Task.FromResult(false), job.Stop);
        return await TryGetAsync(job, file) ?? await job.Cache.GetAsync(job.Store, await make(), job.Stop);
    }

    private static async Task<string?> TryGetAsync(JobContext job, ArtifactFile file)
    {
        try
        {
            return await job.Cache.GetAsync(job.Store, file, job.Stop);
        }
        catch (ArtifactException bad)
        {
            await Console.Error.WriteLineAsync($"{bad.Message}; the shard is made again");
            return null;
        }
    }
}
