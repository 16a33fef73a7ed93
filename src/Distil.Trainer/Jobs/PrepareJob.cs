using Distil.Core.Artifacts;
using Distil.Core.Sources;
using Distil.Trainer.Datasets;
using Distil.Trainer.Datasets.Sources;
using Distil.Trainer.Models;
using Distil.Trainer.Tokenization;

namespace Distil.Trainer.Jobs;

/// <summary>Text of one shard to rows of tokens.</summary>
internal sealed class PrepareJob : IJob
{
    /// <inheritdoc />
    public async Task<object> RunAsync(JobContext job) =>
        await job.FindShardAsync<DatasetShard>(ArtifactLayout.DatasetShard(job.Request.DatasetId, job.Shard)) ?? await MakeAsync(job, job.Shard);

    /// <summary>Makes a shard, also in place of one that is bad. The caller holds its claim.</summary>
    internal static async Task<DatasetShard> MakeAsync(JobContext job, int number)
    {
        var source = job.Plan.Shards[number];
        var (train, eval) = (Path.Combine(job.Folder, "train.bin"), Path.Combine(job.Folder, "eval.bin"));
        var tokenizer = HuggingFaceTokenizer.Load(job.TeacherFolder);
        VocabularyCheck.RequireFits(
            Path.Combine(job.TeacherFolder, "tokenizer.json"), tokenizer.VocabularySize, job.TeacherFolder, job.Plan.Teacher.VocabularySize);
        job.Progress.Begin();
        var open = new SourceOpener(job.Catalog, new Transfers(job.Progress), job.Stop);
        var made = new ShardPreparer(tokenizer, job.Spec.Dataset, open).Prepare(source, train, eval, new Progress(job.Progress), job.Stop);

        var shard = new DatasetShard
        {
            Index = number,
            Train = await UploadAsync(job, ArtifactLayout.TrainTokens(job.Request.DatasetId, number), train, made.Rows, made.Tokens),
            Eval = await UploadAsync(job, ArtifactLayout.EvalTokens(job.Request.DatasetId, number), eval, made.EvalRows, made.EvalTokens),
            Documents = made.Documents.Trained + made.Documents.HeldOut,
            Counts = made.Documents,
            SourceBytes = source.Ranges.Concat(source.EvalRanges).Sum(range => range.End - range.Start),
        };
        await job.Store.WriteJsonAsync(ArtifactLayout.DatasetShard(job.Request.DatasetId, number), shard, job.Stop);
        return shard;
    }

    private static async Task<TokenFile?> UploadAsync(JobContext job, string blob, string path, long rows, long tokens) =>
        rows == 0 ? null : new TokenFile(await job.Cache.UploadAsync(job.Store, blob, path, job.Stop), rows, tokens);

    private sealed class Progress(ProgressReporter to) : IProgress<PreparationProgress>
    {
        public void Report(PreparationProgress value) => to.Report("prepare", value.BytesDone, value.BytesTotal, "bytes", value.Tokens);
    }
}
