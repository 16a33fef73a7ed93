using Distil.Core.Artifacts;
using Distil.Core.Runs.Specification;
using Distil.Trainer.Datasets;
using Distil.Trainer.Distillation.Alignment;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Rows;

namespace Distil.Trainer.Jobs;

/// <summary>The teacher's sparse outputs for the training rows of one shard.</summary>
internal sealed class TeachJob : IJob
{
    /// <inheritdoc />
    public async Task<object> RunAsync(JobContext job) =>
        await job.FindShardAsync<TeacherOutputsShard>(ArtifactLayout.TeacherOutputsShard(job.Request.TeacherOutputsId, job.Shard)) ?? await MakeAsync(job, job.Shard);

    /// <summary>Makes a shard, also in place of one that is bad. The caller holds its claim.</summary>
    internal static async Task<TeacherOutputsShard> MakeAsync(JobContext job, int number)
    {
        var dataset = await job.Store.ReadJsonAsync<DatasetShard>(ArtifactLayout.DatasetShard(job.Request.DatasetId, number), job.Stop);
        var shard = dataset.Train is { } train ? await TeachAsync(job, number, train) : Empty(number);
        await job.Store.WriteJsonAsync(ArtifactLayout.TeacherOutputsShard(job.Request.TeacherOutputsId, number), shard, job.Stop);
        return shard;
    }

    /// <summary>What is kept of the teacher, by the specification.</summary>
    internal static ExtractionSettings SettingsOf(RunSpec spec) => new()
    {
        Keep = spec.Teacher.Keep,
        InverseTemperatures = TemperatureNodes.For(spec.Distillation.Temperature),
        MeanHidden = spec.Distillation.Alignment.Weight > 0 && new HiddenStateAlignment(spec.Distillation.Alignment).NeedsMeanHidden,
    };

    private static TeacherOutputsShard Empty(int shard) => new() { Index = shard, Rows = 0, Tokens = 0, MeanKeptTokens = 0, CappedShare = 0 };

    private static async Task<TeacherOutputsShard> TeachAsync(JobContext job, int number, TokenFile tokens)
    {
        var path = Path.Combine(job.Folder, "outputs.bin");
        using var rows = await job.OpenRowsAsync(tokens, number);
        var kept = Write(job, rows, path);
        return new TeacherOutputsShard
        {
            Index = number,
            File = await job.Cache.UploadAsync(job.Store, ArtifactLayout.TeacherOutputs(job.Request.TeacherOutputsId, number), path, job.Stop),
            Rows = rows.Rows,
            Tokens = rows.Tokens,
            MeanKeptTokens = kept.MeanTokens,
            CappedShare = kept.CappedShare,
        };
    }

    private static KeptTokens Write(JobContext job, TokenRows rows, string path)
    {
        var teacher = job.LoadTeacher();
        var settings = SettingsOf(job.Spec);
        var extractor = new TeacherExtractor(teacher, settings);
        var kept = new KeptTokens(settings.Keep);
        using var writer = new TeacherOutputsWriter(
            path, TeacherOutputsHeader.For(settings, rows.ContextLength, teacher.VocabularySize, teacher.HiddenSize));
        job.Progress.Begin();
        var done = 0L;
        // The teacher reads the next rows on another thread while these are encoded and written.
        using var ahead = new Prefetch<TaughtRows>(TaughtRows.Of(rows, extractor, kept, job.Spec.Training.BatchSize, job.Device));
        foreach (var taught in ahead.Items())
        {
            using (taught)
            {
                job.Stop.ThrowIfCancellationRequested();
                writer.Append(taught.Targets, taught.Lengths);
                done += taught.Lengths.Length;
                job.Progress.Report("teach", done, rows.Rows, "rows", done * rows.ContextLength);
            }
        }

        writer.Complete();
        return kept;
    }
}
