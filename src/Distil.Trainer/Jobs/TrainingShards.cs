using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Runs.Planning;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Rows;

namespace Distil.Trainer.Jobs;

/// <summary>The shards that a train job reads, and where their copies are: all in the cache of this machine if there is room, and otherwise a few at a time in
/// the job's folder.</summary>
/// <param name="Files">The files.</param>
/// <param name="Plan">What to fetch.</param>
internal sealed record TrainingShards(TrainingFiles Files, ShardFetchPlan Plan)
{
    /// <summary>Finds them.</summary>
    /// <param name="job">The job.</param>
    /// <param name="weights">What it trains.</param>
    /// <param name="from">The position at which it starts.</param>
    /// <exception cref="ArtifactException">A manifest is missing or damaged.</exception>
    internal static async Task<TrainingShards> FindAsync(JobContext job, Weights weights, TrainingPosition from)
    {
        var dataset = (await job.Store.ReadJsonAsync<DatasetManifest>(weights.Run.Dataset.Closing, job.Stop)).Shards;
        var outputs = weights.UsesTeacherOutputs
            ? (await job.Store.ReadJsonAsync<TeacherOutputsManifest>(weights.Run.TeacherOutputs.Closing, job.Stop)).Shards
            : null;
        var files = dataset.Select((shard, i) => (Rows: shard.Train?.File, Targets: shard.Train is null ? null : outputs?[i].File)).ToList();
        var all = files.SelectMany(shard => new[] { shard.Rows, shard.Targets }).OfType<ArtifactFile>().ToLookup(job.Cache.Contains);
        var room = RoomFor(job, all[true].Sum(file => file.Bytes));
        var stays = all[false].Sum(file => file.Bytes) <= room;
        var copies = files.Select((shard, i) => new ShardCopy(
            dataset[i].Train?.Rows ?? 0, PathOf(shard.Rows, i, "rows.bin"), PathOf(shard.Targets, i, "outputs.bin"))).ToList();
        var order = EpochTraining.OrderOf(job.Spec, [.. copies.Select(copy => copy.Rows)]).Shards(weights.Epoch, from.Epoch == weights.Epoch ? from.Step : 0);
        return new(
            new TrainingFiles(copies, job.Folder, outputs is not null),
            new ShardFetchPlan([.. order.Select(Fetched)], job.Folder, room, job.Spec.Compute.GpusPerWorker));

        string? PathOf(ArtifactFile? file, int shard, string what) =>
            file is null ? null : stays || job.Cache.Contains(file) ? job.Cache.PathOf(file) : ShardFiles.OwnCopy(job.Folder, shard, what);

        FetchedShard Fetched(int shard)
        {
            var (rows, targets) = files[shard];
            var wanted = new List<(ArtifactFile File, string Path)> { (rows!, copies[shard].RowsPath!) };
            if (targets is not null)
            {
                wanted.Add((targets, copies[shard].TargetsPath!));
            }

            return new(shard, wanted, wanted.Where(each => FetchedShard.IsOwn(each.Path, job.Folder)).Sum(each => each.File.Bytes));
        }
    }

    /// <summary>Starts to fetch them.</summary>
    internal ShardFetch Fetch(JobContext job) => new(
        Plan,
        (file, path, stop) => path == job.Cache.PathOf(file) ? job.Cache.GetAsync(job.Store, file, stop) : job.Store.DownloadAsync(file, path, stop),
        job.Stop);

    /// <summary>Bytes for copies of shards beside those in the cache, the teacher's files and two checkpoints.</summary>
    private static long RoomFor(JobContext job, long cached)
    {
        var checkpoint = job.Request.Defined!.CheckpointBytes;
        return job.Sources.JobDiskBytes is { } disk
            ? disk - cached - SpaceNeeded.BesideShards(job.Request.TeacherLocation, checkpoint)
            : Machine.FreeBytes(job.Folder) - SpaceNeeded.BesideShards(teacher: null, checkpoint);
    }
}
