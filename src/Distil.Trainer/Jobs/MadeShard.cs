using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;

namespace Distil.Trainer.Jobs;

/// <summary>Shards are shared between runs: a shard that exists is not made again.</summary>
internal static class MadeShard
{
    /// <summary>Reads the closing document of the shard that a job is to make. The job holds the shard's lease.</summary>
    /// <returns>Null if the shard must be made: there is no readable document, or a file of a shard that is to be rebuilt is damaged.</returns>
    public static async Task<TShard?> FindMadeAsync<TShard>(this JobContext job)
        where TShard : class, IShardDocument
    {
        try
        {
            var shard = await job.Store.TryReadJsonAsync<TShard>(job.Request.Made.Closing, job.Stop);
            foreach (var file in job.Request.Rebuild && shard is not null ? shard.Files : [])
            {
                await job.Store.DownloadAsync(file, Path.Combine(job.Folder, "stored"), job.Stop); // the stored file, not this machine's copy
            }

            return shard;
        }
        catch (ArtifactException bad)
        {
            job.Log.ShardIsMadeAgain(bad.Message);
            return null;
        }
    }
}
