using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Models;
using Distil.Core.Tokenization;
using Distil.Trainer.Datasets;
using Distil.Trainer.Datasets.Sources;

namespace Distil.Trainer.Jobs;

/// <summary>Turns the text of one shard into rows of tokens.</summary>
internal sealed class PrepareJob(Dataset dataset) : IJob
{
    /// <inheritdoc />
    public async Task<object> RunAsync(JobContext job) => await job.FindMadeAsync<DatasetShard>() ?? await MakeAsync(job);

    private async Task<DatasetShard> MakeAsync(JobContext job)
    {
        var (number, source) = (job.Request.Part, job.Request.Source!);
        var (train, eval) = (Path.Combine(job.Folder, "train.bin"), Path.Combine(job.Folder, "eval.bin"));
        var tokenizer = HuggingFaceTokenizer.Load(job.TeacherFolder);
        VocabularyCheck.RequireFits(
            Path.Combine(job.TeacherFolder, "tokenizer.json"), tokenizer.VocabularySize, job.TeacherFolder, job.Request.Teacher.VocabularySize);
        job.Progress.Begin();
        var open = new SourceOpener(job.Catalog, new Transfers(job.Progress), job.Stop);
        var made = new ShardPreparer(tokenizer, job.Spec.Dataset, open, job.TeacherFolder).Prepare(source, train, eval, new Progress(job.Progress), job.Stop);

        var shard = new DatasetShard
        {
            Index = number,
            Train = await UploadAsync(job, ArtifactLayout.TrainTokens(dataset.Id, number), train, made.Rows, made.Tokens, made.Labels),
            Eval = await UploadAsync(job, ArtifactLayout.EvalTokens(dataset.Id, number), eval, made.EvalRows, made.EvalTokens, made.EvalLabels),
            Documents = made.Documents.Trained + made.Documents.HeldOut,
            Counts = made.Documents,
            SourceBytes = source.Ranges.Concat(source.EvalRanges).Sum(range => range.End - range.Start),
        };
        await job.Store.WriteJsonAsync(job.Request.Made.Closing, shard, job.Stop);
        return shard;
    }

    private static async Task<TokenFile?> UploadAsync(JobContext job, string blob, string path, long rows, long tokens, long? labels) =>
        rows == 0 ? null : new TokenFile(await job.Cache.UploadAsync(job.Store, blob, path, job.Stop), rows, tokens) { Labels = labels };

    private sealed class Progress(ProgressReporter to) : IProgress<PreparationProgress>
    {
        public void Report(PreparationProgress value) => to.Report("prepare", value.BytesDone, value.BytesTotal, "bytes", value.Tokens);
    }
}
