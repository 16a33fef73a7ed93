using Distil.Core.Artifacts;
using Distil.Core.Specification;
using Distil.Trainer.Datasets;
using Distil.Trainer.Distillation.Alignment;
using Distil.Trainer.TeacherOutputs;

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
        var (teacher, settings) = (job.LoadTeacher(), SettingsOf(job.Spec));
        using var writer = new TeacherOutputsWriter(path, TeacherOutputsHeader.For(settings, rows.ContextLength, teacher.VocabularySize, teacher.HiddenSize));
        await using var upload = job.Store.BeginUpload(ArtifactLayout.TeacherOutputs(job.Request.TeacherOutputsId, number), writer.PartialPath, job.Stop);
        job.Progress.Begin();
        TaughtRows.Store(rows, new TeacherExtractor(teacher, settings), writer, job.Spec.Training.BatchSize, job.Device, done =>
        {
            job.Stop.ThrowIfCancellationRequested();
            upload.Grown(writer.Length);
            job.Progress.Report("teach", done, rows.Rows, "rows", done * rows.ContextLength);
        });
        writer.Complete();
        return new TeacherOutputsShard
        {
            Index = number,
            File = job.Cache.Keep(await upload.CompleteAsync(writer.Length), path),
            Rows = rows.Rows,
            Tokens = rows.Tokens,
            MeanKeptTokens = writer.MeanKeptTokens,
            CappedShare = writer.CappedShare,
        };
    }
}
