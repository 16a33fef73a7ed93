using Distil.Core.Artifacts;
using Distil.Trainer.Datasets;
using Distil.Trainer.Distillation.Alignment;
using Distil.Trainer.Models;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

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
    internal static ExtractionSettings SettingsOf(Core.Runs.RunSpec spec) => new()
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
        for (long row = 0; row < rows.Rows; row += job.Spec.Training.BatchSize)
        {
            job.Stop.ThrowIfCancellationRequested();
            using var pause = CollectorPause.Begin();
            using var scope = NewDisposeScope();
            var batch = (int)Math.Min(job.Spec.Training.BatchSize, rows.Rows - row);
            var (ids, lengths) = Read(rows, row, batch);
            using var targets = extractor.Extract(ids.to(job.Device), tensor(lengths.Select(length => (long)length).ToArray()).to(job.Device));
            using var here = OnCpu(targets);
            kept.Add(here, lengths);
            writer.Append(here, lengths);
            job.Progress.Report("teach", row + batch, rows.Rows, "rows", (row + batch) * rows.ContextLength);
        }

        writer.Complete();
        return kept;
    }

    private static (Tensor Ids, int[] Lengths) Read(TokenRows rows, long first, int count)
    {
        var ids = new long[count * rows.ContextLength];
        var lengths = new int[count];
        for (var i = 0; i < count; i++)
            lengths[i] = rows.ReadRow(first + i, ids.AsSpan(i * rows.ContextLength, rows.ContextLength));

        return (tensor(ids, count, rows.ContextLength), lengths);
    }

    private static TeacherTargets OnCpu(TeacherTargets targets) => targets with
    {
        TokenIds = targets.TokenIds.cpu(),
        LogProbabilities = targets.LogProbabilities.cpu(),
        TailLogSumExp = targets.TailLogSumExp.cpu(),
        MeanHidden = targets.MeanHidden?.cpu(),
    };
}
