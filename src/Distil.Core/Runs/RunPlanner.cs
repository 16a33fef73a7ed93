using System.Security.Cryptography;
using Distil.Core.Errors;
using Distil.Core.Runs.Planning;
using Distil.Core.Runs.Reading;
using Distil.Core.Sources;

namespace Distil.Core.Runs;

/// <summary>Turns a specification into a plan: looks at the teacher's folder and the sources' sizes, reads no text and starts nothing.</summary>
/// <param name="time">Dates the run.</param>
public sealed class RunPlanner(TimeProvider time)
{
    /// <summary>Plans.</summary>
    /// <exception cref="InvalidInputException">Teacher, sources and specification do not fit together.</exception>
    public async Task<RunPlan> PlanAsync(RunSpec spec, CancellationToken cancel = default)
    {
        var reserved = ReservedFeatures.Find(spec);
        var folder = ReservedFeatures.IsRemote(spec.Teacher.Path) ? null : TeacherFolder.Open(spec.Teacher.Path);
        var teacher = folder?.Shape ?? KnownTeachers.Find(spec.Teacher.Path) ?? throw new InvalidInputException("specification", reserved);
        if (spec.Dataset.ContextLength > teacher.MaxPositions)
        {
            throw new InvalidInputException(
                $"dataset.contextLength is {spec.Dataset.ContextLength}; expected at most {teacher.MaxPositions}, the teacher's max_position_embeddings");
        }

        var student = StudentShape.Of(spec.Student, teacher);
        var parameters = StudentParameters.Of(student);
        var (shards, identities) = await PlanShardsAsync(spec, reserved, cancel);
        var tokens = SizeEstimates.Tokens(spec, shards);
        var rows = SizeEstimates.Rows(spec, tokens);
        var steps = SizeEstimates.StepsPerEpoch(spec, rows);
        var datasetId = DatasetId(spec, shards, identities, folder);
        return new RunPlan
        {
            RunId = NewRunId(spec.Name),
            PlannedAt = time.GetUtcNow(),
            DatasetId = datasetId,
            TeacherOutputsId = TeacherOutputsId(spec, datasetId, folder),
            Teacher = teacher,
            Student = student,
            Shards = shards,
            Epochs = spec.Training.Epochs,
            Tokens = tokens,
            Rows = rows,
            StepsPerEpoch = steps,
            Steps = new Figure(steps.Value * spec.Training.Epochs, "", "steps in an epoch × training.epochs"),
            TrainableParameters = new Figure(parameters.Trainable, "", "exact: the student's shape"),
            FrozenParameters = new Figure(parameters.Frozen, "", "exact: the teacher's embedding and head"),
            TotalParameters = new Figure(parameters.Total, "", "exact: trainable and frozen"),
            DatasetBytes = SizeEstimates.Dataset(teacher, tokens),
            TeacherOutputsBytes = SizeEstimates.TeacherOutputs(spec, teacher, tokens),
            CheckpointBytes = SizeEstimates.Checkpoints(spec, parameters),
            Reserved = reserved,
        };
    }

    private string NewRunId(string name) => $"{time.GetUtcNow():yyyy-MM-dd-HHmmss}-{name}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}";

    private static async Task<(IReadOnlyList<ShardSource> Shards, IReadOnlyDictionary<string, string> Identities)> PlanShardsAsync(
        RunSpec spec, IReadOnlyList<FieldError> reserved, CancellationToken cancel)
    {
        var dataset = spec.Dataset;
        if (!reserved.Any(error => error.Pointer.StartsWith("/dataset", StringComparison.Ordinal)))
        {
            var catalog = new SourceCatalog();
            var files = await catalog.ListAsync(dataset.Sources, dataset.Format, cancel: cancel);
            var evalFiles = await catalog.ListAsync(dataset.EvalSources, dataset.Format, "dataset.evalSources", cancel);
            var planned = ShardPlanner.Plan(files, evalFiles, dataset);
            return (planned, ContentAddress.OfSources(planned, [.. files, .. evalFiles]));
        }

        // Sources that cannot be looked at yet: maxTokens alone says how much is read.
        var tokens = dataset.MaxTokens ?? throw new InvalidInputException("specification", reserved);
        var count = (tokens + dataset.ShardTokens - 1) / dataset.ShardTokens;
        return ([.. Enumerable.Range(0, checked((int)count)).Select(shard => new ShardSource
        {
            Index = shard,
            Ranges = [],
            EvalRanges = [],
            EstimatedTokens = Math.Min(dataset.ShardTokens, tokens - (shard * dataset.ShardTokens)),
        })], new Dictionary<string, string>());
    }

    private static string DatasetId(
        RunSpec spec, IReadOnlyList<ShardSource> shards, IReadOnlyDictionary<string, string> identities, TeacherFolder? teacher)
    {
        var dataset = spec.Dataset;
        return ContentAddress.Of(new
        {
            Version = 2,
            Shards = shards.Select(shard => new { shard.MaxTokens, Ranges = shard.Ranges.Select(Content), EvalRanges = shard.EvalRanges.Select(Content) }),
            Tokenizer = ContentAddress.OfFiles([teacher?.Tokenizer ?? spec.Teacher.Path]),
            dataset.Format,
            TextField = dataset.Format == DatasetFormat.Text ? null : dataset.TextField,
            dataset.ContextLength,
            EvalFraction = dataset.EvalSources.Count > 0 ? 0 : dataset.EvalFraction,
        });

        object Content(SourceRange range) => new { Holds = identities[range.Path], range.Start, range.End, Compression = SourceName.CompressionOf(range.Path) };
    }

    private static string TeacherOutputsId(RunSpec spec, string datasetId, TeacherFolder? teacher) => ContentAddress.Of(new
    {
        Version = 1,
        DatasetId = datasetId,
        Teacher = ContentAddress.OfFiles(teacher is null ? [spec.Teacher.Path] : [teacher.Config, .. teacher.Weights]),
        spec.Teacher.Keep,
        TemperatureFrom = spec.Distillation.Temperature.From, // the tail is stored at nodes between these two
        TemperatureTo = spec.Distillation.Temperature.To,
        HiddenStates = SizeEstimates.NeedsHiddenStates(spec),
        spec.Training.Precision,
    });
}
