using Distil.Core.Artifacts;
using Distil.Core.Endpoints;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Trainer.Datasets;
using Distil.Trainer.Distillation.Alignment;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Ranks;
using Distil.Trainer.TeacherOutputs;

namespace Distil.Trainer.Jobs;

/// <summary>Computes the teacher's sparse outputs for the training rows of one shard, or asks a server for them.</summary>
internal sealed class TeachJob(Core.Artifacts.Kinds.TeacherOutputs outputs) : IJob
{
    /// <inheritdoc />
    public async Task<object> RunAsync(JobContext job) => await job.FindMadeAsync<TeacherOutputsShard>() ?? await MakeAsync(job);

    /// <summary>The stored part of the teacher's outputs, by the specification.</summary>
    internal static ExtractionSettings SettingsOf(RunSpec spec) => new()
    {
        Keep = spec.Teacher.Keep,
        InverseTemperatures = TemperatureNodes.Between(spec.Distillation.Temperature.To, spec.HighestTemperature),
        MeanHidden = (spec.StoresTeacherOutputs && spec.Teacher.Keep.HiddenStates)
            || (spec.Distillation.Alignment.Weight > 0 && new HiddenStateAlignment(spec.Distillation.Alignment).NeedsMeanHidden),
    };

    private async Task<TeacherOutputsShard> MakeAsync(JobContext job)
    {
        var dataset = await job.Store.ReadJsonAsync<DatasetShard>(outputs.Dataset.PartAt(job.Request.Part).Closing, job.Stop);
        var shard = dataset.Train is { } train ? await TeachAsync(job, train) : Empty(job.Request.Part);
        await job.Store.WriteJsonAsync(job.Request.Made.Closing, shard, job.Stop);
        return shard;
    }

    private static TeacherOutputsShard Empty(int shard) => new() { Index = shard, Rows = 0, Tokens = 0, MeanKeptTokens = 0, CappedShare = 0 };

    private async Task<TeacherOutputsShard> TeachAsync(JobContext job, TokenFile tokens)
    {
        var file = await job.Cache.GetAsync(job.Store, tokens.File, job.Stop);
        if (job.Spec.Teacher.Endpoint is { } endpoint)
        {
            using var rows = TokenRows.Open(file);
            return await StoreAsync(job, tokens, rows, HeaderOf(SettingsOf(job.Spec), rows, job.Request.Teacher), (writer, onBatch) => AskAsync(job, endpoint, rows, writer, onBatch));
        }

        return await job.OnEveryGpuAsync(RankWork.Of(job) with { Rows = file }, (context, others) => TeachAsync(context, tokens, file, others));
    }

    /// <summary>Computes the part of a process other than process 0.</summary>
    /// <param name="context">What it works with.</param>
    /// <param name="file">The file of rows.</param>
    /// <param name="send">Receives the encoded rows.</param>
    internal static void Follow(ComputeContext context, string file, Action<ReadOnlyMemory<byte>> send)
    {
        using var rows = TokenRows.Open(file);
        var (teacher, settings) = (context.LoadTeacher(), SettingsOf(context.Spec));
        try
        {
            TaughtRows.Send(
                rows, new TeacherExtractor(teacher, settings), new RowEncoder(HeaderOf(settings, rows, teacher)), context.Spec.Training.BatchSize,
                context.Device, context.Ranks, send);
        }
        catch (NonFiniteOutputsException error)
        {
            throw NotFinite(context, error);
        }
    }

    private static TeacherOutputsHeader HeaderOf(ExtractionSettings settings, TokenRows rows, TransformerModel teacher) =>
        TeacherOutputsHeader.For(settings, rows.ContextLength, teacher.VocabularySize, teacher.HiddenSize);

    private static TeacherOutputsHeader HeaderOf(ExtractionSettings settings, TokenRows rows, TeacherShape teacher) =>
        TeacherOutputsHeader.For(settings, rows.ContextLength, teacher.VocabularySize, teacher.HiddenSize);

    /// <summary>Asks a server for the outputs of all rows and appends them.</summary>
    private static async Task AskAsync(JobContext job, EndpointSpec endpoint, TokenRows rows, TeacherOutputsWriter writer, Action<long> onBatch)
    {
        var (keep, vocabulary) = (job.Spec.Teacher.Keep, job.Request.Teacher.VocabularySize);
        var server = EndpointTeacher.Create(endpoint, vocabulary, keep.MaxTokens, job.Sources, job.Time, job.Log);
        await server.RequireSameAsync(HuggingFaceTokenizer.Load(job.TeacherFolder), job.Stop);
        job.Progress.Begin();
        await foreach (var row in new ServedRows(rows, server, keep, vocabulary).AllAsync(endpoint.ParallelRequests, job.Stop))
        {
            using (row)
            {
                writer.Append(row.Targets, row.Lengths);
            }

            onBatch(row.First + 1);
        }
    }

    private static InvalidInputException NotFinite(ComputeContext context, NonFiniteOutputsException error) => new(
        $"{context.TeacherFolder}: the teacher's outputs for shard {context.Request.Part} are not finite ({error.Message}); expected finite numbers"
        + (context.TeacherDtype == TorchSharp.torch.ScalarType.Float32 ? "" : "; training.precision fp32 may help"),
        error);

    private async Task<TeacherOutputsShard> TeachAsync(JobContext job, TokenFile tokens, string file, RankTeam? others)
    {
        using var rows = TokenRows.Open(file);
        var (teacher, settings) = (job.LoadTeacher(), SettingsOf(job.Spec));
        return await StoreAsync(job, tokens, rows, HeaderOf(settings, rows, teacher), (writer, onBatch) =>
        {
            var extractor = new TeacherExtractor(teacher, settings);
            job.Progress.Uses(extractor.Operations);
            job.Progress.Begin();
            try
            {
                TaughtRows.Store(rows, extractor, writer, job.Spec.Training.BatchSize, job.Device, onBatch, others);
            }
            catch (NonFiniteOutputsException error)
            {
                throw NotFinite(job, error);
            }

            return Task.CompletedTask;
        });
    }

    /// <summary>Writes and uploads the shard's file.</summary>
    /// <param name="job">The job.</param>
    /// <param name="tokens">The dataset's file of the rows.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="header">The file's header.</param>
    /// <param name="append">Appends all rows; calls its second argument with the number of rows that have been appended.</param>
    private async Task<TeacherOutputsShard> StoreAsync(
        JobContext job, TokenFile tokens, TokenRows rows, TeacherOutputsHeader header, Func<TeacherOutputsWriter, Action<long>, Task> append)
    {
        var path = Path.Combine(job.Folder, "outputs.bin");
        using var writer = new TeacherOutputsWriter(path, header);
        await using var upload = job.Store.BeginUpload(ArtifactLayout.TeacherOutputs(outputs.Id, job.Request.Part), writer.PartialPath, job.Stop);
        await append(writer, done =>
        {
            job.Stop.ThrowIfCancellationRequested();
            upload.Grown(writer.Length);
            job.Progress.Report("teach", done, rows.Rows, "rows", done * rows.ContextLength);
        });

        writer.Complete();
        return new TeacherOutputsShard
        {
            Index = job.Request.Part,
            File = job.Cache.Keep(await upload.CompleteAsync(writer.Length), path),
            Rows = rows.Rows,
            Tokens = tokens.Labels ?? rows.Tokens,
            MeanKeptTokens = writer.MeanKeptTokens,
            CappedShare = writer.CappedShare,
        };
    }
}
