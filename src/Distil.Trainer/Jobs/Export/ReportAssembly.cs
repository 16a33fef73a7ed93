using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Documents.Reports;
using Distil.Core.Jobs;
using Distil.Core.Runs;
using Distil.Core.Specification;

namespace Distil.Trainer.Jobs.Export;

/// <summary>Assembles a run's report from what its jobs stored.</summary>
internal static class ReportAssembly
{
    /// <summary>Creates the report.</summary>
    /// <param name="job">The export job.</param>
    /// <param name="made">The report that it makes.</param>
    /// <param name="model">The finished model's files.</param>
    /// <param name="samples">Prompts with their continuations.</param>
    /// <param name="decode">Decoding speed after several context lengths.</param>
    /// <param name="klErrors">The error of the stored form of the teacher's outputs.</param>
    public static async Task<RunReport> ReadAsync(
        JobContext job, Report made, IReadOnlyList<ArtifactFile> model, IReadOnlyList<SampleSummary> samples, IReadOnlyList<DecodeComparison> decode,
        IReadOnlyList<KlError> klErrors)
    {
        var (request, spec) = (job.Request, job.Spec);
        var dataset = await job.Store.ReadJsonAsync<DatasetManifest>(made.Run.Dataset.Closing, job.Stop);
        var outputs = spec.StoresTeacherOutputs
            ? await job.Store.ReadJsonAsync<TeacherOutputsManifest>(made.Run.TeacherOutputs.Closing, job.Stop)
            : null;
        var history = await JobHistory.ReadAsync(job);
        return new RunReport
        {
            RunId = request.RunId,
            CreatedAt = job.Time.GetUtcNow(),
            Spec = RedactedSpec.Of(spec),
            Teacher = Teacher(job),
            Student = StudentSummaries.Of(request),
            Experts = made.Run.Experts is { } experts ? await ExpertSummaries.ReadAsync(job, experts) : null,
            Dataset = Dataset(dataset, spec),
            Epochs = await EpochsAsync(job, made.Run),
            Training = await TrainingHistory.ReadAsync(job, StudentVariant.Distilled, history),
            TrainingWithoutTeacher = spec.Evaluation.Baseline ? await TrainingHistory.ReadAsync(job, StudentVariant.WithoutTeacher, history) : null,
            Samples = samples,
            Decode = decode,
            Storage = await StorageAsync(job, made, dataset, outputs, model),
            Timings = history.Timings,
            KlErrors = klErrors,
            Notes = Shortfalls.Of(spec, request.Defined!.Text, dataset),
            Artifacts = Links(request, spec),
            Machine = Machine.Describe(job.Device),
        };
    }

    private static TeacherSummary Teacher(JobContext job) => new()
    {
        Path = job.Request.TeacherLocation.Folder,
        Architecture = job.Request.Teacher.ModelType,
        Layers = job.Request.Teacher.Layers,
        HiddenSize = job.Request.Teacher.HiddenSize,
        Heads = job.Request.Teacher.Heads,
        VocabularySize = job.Request.Teacher.VocabularySize,
        MaxContext = job.Request.Teacher.MaxPositions,
        Parameters = job.LoadTeacher().Parameters,
        Reading = job.LoadTeacher().Reading,
    };

    private static DatasetSummary Dataset(DatasetManifest dataset, RunSpec spec) => new()
    {
        DatasetId = dataset.DatasetId,
        Documents = dataset.Shards.Sum(shard => shard.Documents),
        Counts = dataset.Counts,
        Shards = dataset.Shards.Count,
        ContextLength = spec.Dataset.ContextLength,
        TrainRows = dataset.TrainRows,
        TrainTokens = dataset.TrainTokens,
        EvalRows = dataset.EvalRows,
        EvalTokens = dataset.EvalTokens,
        TrainLabels = dataset.TrainLabels,
        EvalLabels = dataset.EvalLabels,
    };

    private static async Task<IReadOnlyList<EpochSummary>> EpochsAsync(JobContext job, RunArtifacts run)
    {
        var epochs = new List<EpochSummary>();
        for (var epoch = 0; epoch < run.Epochs; epoch++)
        {
            epochs.Add(new EpochSummary
            {
                Epoch = epoch + 1,
                Distilled = await EvaluationAsync(StudentVariant.Distilled),
                WithoutTeacher = job.Spec.Evaluation.Baseline ? await EvaluationAsync(StudentVariant.WithoutTeacher) : null,
                TeacherOnText = job.Spec.Evaluation.Control ? await EvaluationAsync(StudentVariant.TeacherOnText) : null,
                TeacherOnLoss = job.Spec.Evaluation.Control ? await EvaluationAsync(StudentVariant.TeacherOnLoss) : null,
            });

            Task<EvaluationResult> EvaluationAsync(StudentVariant student) =>
                job.Store.ReadJsonAsync<EvaluationResult>(run.Evaluation(student, epoch).Closing, job.Stop);
        }

        return epochs;
    }

    private static async Task<StorageSummary> StorageAsync(
        JobContext job, Report made, DatasetManifest dataset, TeacherOutputsManifest? outputs, IReadOnlyList<ArtifactFile> model)
    {
        long checkpoints = 0;
        foreach (var student in made.Run.Students)
        {
            foreach (var blob in await new CheckpointStore(job.Store, made.Final(student)).ManifestsAsync(job.Stop))
            {
                checkpoints += (await job.Store.ReadJsonAsync<CheckpointManifest>(blob, job.Stop)).Files.Sum(file => file.Bytes);
            }
        }

        return new StorageSummary
        {
            DatasetBytes = dataset.Shards.Sum(shard => (shard.Train?.File.Bytes ?? 0) + (shard.Eval?.File.Bytes ?? 0)),
            TeacherOutputBytes = outputs?.Bytes ?? 0,
            TeacherOutputBytesPerToken = outputs?.BytesPerToken,
            MeanKeptTokens = outputs is null ? null : Mean(outputs, shard => shard.MeanKeptTokens),
            CappedShare = outputs is null ? null : Mean(outputs, shard => shard.CappedShare),
            CheckpointBytes = checkpoints,
            ModelBytes = model.Sum(file => file.Bytes),
        };
    }

    private static double Mean(TeacherOutputsManifest outputs, Func<TeacherOutputsShard, double> value) =>
        outputs.Shards.Sum(shard => value(shard) * shard.Tokens) / Math.Max(1, outputs.Tokens);

    private static IReadOnlyList<ArtifactLink> Links(JobRequest request, RunSpec spec)
    {
        var links = new List<ArtifactLink>
        {
            new("Model folder", ArtifactLayout.Model(request.RunId, StudentVariant.Distilled)),
            new("Training log, a JSON line a step", ArtifactLayout.Metrics(request.RunId, StudentVariant.Distilled)),
            new("TensorBoard events", ArtifactLayout.Events(request.RunId, StudentVariant.Distilled, "")),
            new("Numbers of this page", ArtifactLayout.ReportData(request.RunId)),
        };
        links.AddRange(spec.Export.Parts.Select(part => new ArtifactLink($"Folder {part.Name} for other programs", ArtifactLayout.Export(request.RunId, part.Name))));
        if (spec.Evaluation.Baseline)
        {
            links.Add(new("Model trained without the teacher", ArtifactLayout.Model(request.RunId, StudentVariant.WithoutTeacher)));
        }

        return links;
    }
}
