using System.Security.Cryptography;
using Distil.Core.Errors;
using Distil.Core.Runs.Planning;
using Distil.Core.Runs.Reading;

namespace Distil.Core.Runs;

/// <summary>Turns a specification into a plan: looks at the teacher's folder and the sources' sizes, reads no text and starts nothing.</summary>
/// <param name="time">Dates the run.</param>
public sealed class RunPlanner(TimeProvider time)
{
    /// <summary>Plans.</summary>
    /// <exception cref="InvalidInputException">Teacher, sources and specification do not fit together.</exception>
    public Task<RunPlan> PlanAsync(RunSpec spec, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
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
        var shards = PlanShards(spec, reserved);
        var tokens = SizeEstimates.Tokens(spec, shards);
        var rows = SizeEstimates.Rows(spec, tokens);
        var steps = SizeEstimates.StepsPerEpoch(spec, rows);
        var datasetId = DatasetId(spec, shards, folder);
        return Task.FromResult(new RunPlan
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
        });
    }

    private string NewRunId(string name) => $"{time.GetUtcNow():yyyy-MM-dd-HHmmss}-{name}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}";

    private static IReadOnlyList<ShardSource> PlanShards(RunSpec spec, IReadOnlyList<FieldError> reserved)
    {
        var dataset = spec.Dataset;
        if (!reserved.Any(error => error.Pointer.StartsWith("/dataset", StringComparison.Ordinal)))
        {
            return ShardPlanner.Plan(dataset);
        }

        // Sources that cannot be looked at yet: maxTokens alone says how much is read.
        var tokens = dataset.MaxTokens ?? throw new InvalidInputException("specification", reserved);
        var count = (tokens + dataset.ShardTokens - 1) / dataset.ShardTokens;
        return [.. Enumerable.Range(0, checked((int)count)).Select(shard => new ShardSource
        {
            Index = shard,
            Ranges = [],
            EvalRanges = [],
            EstimatedTokens = Math.Min(dataset.ShardTokens, tokens - (shard * dataset.ShardTokens)),
        })];
    }

    private static string DatasetId(RunSpec spec, IReadOnlyList<ShardSource> shards, TeacherFolder? teacher)
    {
        var dataset = spec.Dataset;
        var files = shards.SelectMany(shard => shard.Ranges).Select(range => range.Path).Distinct().ToList();
        var evalFiles = shards.SelectMany(shard => shard.EvalRanges).Select(range => range.Path).Distinct().ToList();
        return ContentAddress.Of(new
        {
            Version = 1,
            Sources = ContentAddress.OfFiles(files.Count > 0 ? files : dataset.Sources),
            EvalSources = ContentAddress.OfFiles(evalFiles.Count > 0 ? evalFiles : dataset.EvalSources),
            Tokenizer = ContentAddress.OfFiles([teacher?.Tokenizer ?? spec.Teacher.Path]),
            dataset.Format,
            TextField = dataset.Format == DatasetFormat.Jsonl ? dataset.TextField : null,
            dataset.ContextLength,
            dataset.ShardTokens,
            EvalFraction = dataset.EvalSources.Count > 0 ? 0 : dataset.EvalFraction,
            dataset.MaxTokens,
        });
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
