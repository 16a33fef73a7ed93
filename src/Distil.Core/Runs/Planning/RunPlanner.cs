using System.Security.Cryptography;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Models;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tasks;

namespace Distil.Core.Runs.Planning;

/// <summary>Turns a specification into a plan: reads the teacher's files, the sources' sizes and the tasks, but no text, and starts nothing.</summary>
/// <remarks>Of a remote model, only small documents are fetched: configuration, tokenizer, list of weights.</remarks>
/// <param name="time">The clock, for the run's id.</param>
/// <param name="catalog">Finds the files.</param>
public sealed class RunPlanner(TimeProvider time, SourceCatalog catalog)
{
    /// <value>Counts the GPUs of a machine that runs jobs; null if that is not known here.</value>
    public Func<int>? CountGpus { get; init; }

    /// <value>Bytes of disk that a machine that runs jobs has for copies of artifacts; null if that is not known here.</value>
    public long? JobDiskBytes { get; init; }

    /// <summary>Creates the plan of a run that trains.</summary>
    /// <exception cref="InvalidInputException">Teacher, sources and specification do not fit together.</exception>
    /// <exception cref="RemoteException">A server that the plan needs cannot be reached.</exception>
    public Task<RunPlan> PlanAsync(RunSpec spec, CancellationToken cancel = default) => PlanAsync(spec, store: null, cancel);

    /// <summary>Creates the plan.</summary>
    /// <param name="spec">The specification.</param>
    /// <param name="store">The storage of the runs that a merge names; null if the caller has none, which only a run that trains may have.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">Teacher, sources, experts and specification do not fit together.</exception>
    /// <exception cref="RemoteException">A server that the plan needs cannot be reached.</exception>
    public async Task<RunPlan> PlanAsync(RunSpec spec, ArtifactStore? store, CancellationToken cancel)
    {
        SeveralGpus.Require(spec.Compute.GpusPerWorker, CountGpus);
        var unreached = new List<FieldError>();
        var files = await FindTeacherAsync(spec, unreached, cancel);
        var config = files?.Config ?? KnownTeachers.Find(spec.Teacher.Path)!;
        var teacher = files?.Shape ?? TeacherShape.Of(config, KnownTeachers.From);
        if (spec.Dataset.ContextLength > teacher.MaxPositions)
        {
            throw new InvalidInputException(FieldError.Of(
                FieldPath.Parse("dataset.contextLength"),
                $"is {spec.Dataset.ContextLength}; expected at most {teacher.MaxPositions}, the teacher's max_position_embeddings"));
        }

        foreach (var (i, task) in spec.Evaluation.Tasks.Index())
        {
            TaskFile.Read(task, SpecPaths.Tasks.Item(i)); // the last epoch would be late to find an unreadable file
        }

        var student = PlannedStudent.Of(spec, teacher, config);
        var experts = spec.Merge is null ? null : await FindExpertsAsync(spec, student, files, store, cancel);
        var parameters = student.Parameters;
        var (shards, contents, text) = await PlanShardsAsync(spec, unreached, cancel);
        var tokens = SizeEstimates.Tokens(spec, shards);
        var labels = SizeEstimates.Labels(spec, shards, tokens);
        var rows = SizeEstimates.Rows(spec, tokens);
        var steps = SizeEstimates.StepsPerEpoch(spec, rows);
        var teacherMemory = MemoryNeeded.ForTeacher(spec, files?.Config.Parameters);
        var datasetId = Identities.Dataset(
            spec.Dataset, shards, contents, files?.TokenizerContent, files?.ConfiguredEndOfText, files?.Template?.Contents, files?.Beginning);
        var plan = new RunPlan
        {
            RunId = NewRunId(spec.Name),
            PlannedAt = time.GetUtcNow(),
            DatasetId = datasetId,
            TeacherOutputsId = Identities.TeacherOutputs(spec, datasetId, files?.ModelContent),
            Teacher = teacher,
            Student = student.Xlstm,
            Linearised = student.Linearised,
            Experts = experts,
            Shards = shards,
            Epochs = spec.Training.Epochs,
            Tokens = tokens,
            Labels = labels,
            Rows = rows,
            StepsPerEpoch = steps,
            Steps = spec.Merge is null ? new Figure(steps.Value * spec.Training.Epochs, "", "steps in an epoch × training.epochs") : steps,
            TrainableParameters = new Figure(parameters.Trainable, "", "exact: the student's shape"),
            FrozenParameters = new Figure(parameters.Frozen, "", "exact: the teacher's embedding and head"),
            InheritedParameters = student.Inherited,
            NewParameters = student.New,
            StateBytes = student.StateBytes,
            Warnings = [.. student.Warnings, .. SeveralGpus.Warnings(spec, steps.Value, parameters.Trainable)],
            TotalParameters = new Figure(parameters.Total, "", "exact: trainable and frozen"),
            DatasetBytes = SizeEstimates.Dataset(teacher, tokens),
            TeacherOutputsBytes = SizeEstimates.TeacherOutputs(spec, teacher, labels ?? tokens),
            EndpointRequests = SizeEstimates.EndpointRequests(spec, shards.Count, rows),
            EndpointTokens = SizeEstimates.EndpointTokens(spec, tokens, rows),
            CheckpointBytes = SizeEstimates.Checkpoints(spec, parameters, config),
            ExportBytes = SizeEstimates.Exports(spec, parameters),
            TeacherMemory = teacherMemory,
            TrainingMemory = MemoryNeeded.ForTraining(spec, parameters, teacherMemory),
            TeacherLocation = files?.Location,
            TeacherReading = files?.Reading,
            Text = text with { Tokens = tokens.Value },
            Tasks = spec.Evaluation.Tasks.Count == 0 ? null : FindTasks(spec.Evaluation),
            Unreached = unreached,
        };
        JobDisk.Require(spec, plan, JobDiskBytes);
        return plan;
    }

    private static Task<IReadOnlyList<Expert>> FindExpertsAsync(
        RunSpec spec, PlannedStudent student, TeacherFiles? files, ArtifactStore? store, CancellationToken cancel) => (files, store) switch
    {
        (null, _) => Task.FromResult<IReadOnlyList<Expert>>([]), // such a plan can be displayed only
        (_, null) => throw new InvalidInputException(
            FieldPath.Parse("merge"), "needs the storage in which its experts are; expected a run of its own, as `distil run` starts it"),
        _ => new ExpertFinder(store).FindAsync(spec, student, files.ModelContent, cancel),
    };

    private static SourceFile[] FindTasks(EvaluationSpec evaluation) =>
    [
        .. evaluation.Tasks.SelectMany(task => new[] { task.Path, task.ShotsPath }).OfType<string>().Distinct(StringComparer.Ordinal)
            .Select(path => LocalSources.FileAt(path) with { Identity = LocalSources.Fingerprint(path) }),
    ];

    /// <summary>Creates an id for a run or a sweep: date, name and a short random suffix.</summary>
    public string NewRunId(string name) => $"{time.GetUtcNow():yyyy-MM-dd-HHmmss}-{name}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}";

    /// <summary>Finds the teacher; null if its server cannot be reached but its shape is known.</summary>
    private async Task<TeacherFiles?> FindTeacherAsync(RunSpec spec, List<FieldError> unreached, CancellationToken cancel)
    {
        try
        {
            return await TeacherFiles.FindAsync(catalog, spec.Teacher.Path, spec.Dataset.Chat is not null, cancel);
        }
        catch (InvalidInputException wrong) when (wrong.Errors.Count == 0) // from a file, or from the hub
        {
            throw wrong.At(SpecPaths.Teacher);
        }
        catch (RemoteException away) when (KnownTeachers.Find(spec.Teacher.Path) is not null)
        {
            unreached.Add(new FieldError(SpecPaths.Teacher.Pointer!, away.Message));
            return null;
        }
    }

    private async Task<(IReadOnlyList<ShardSource> Shards, IReadOnlyDictionary<string, string> Contents, PlannedText Text)> PlanShardsAsync(
        RunSpec spec, List<FieldError> unreached, CancellationToken cancel)
    {
        var dataset = spec.Dataset;
        try
        {
            var others = new List<string>();
            var files = await catalog.ListAsync(dataset.Sources, dataset.Format, SpecPaths.Sources, cancel, others);
            var evalFiles = await catalog.ListAsync(dataset.EvalSources, dataset.Format, SpecPaths.EvalSources, cancel);
            var planned = ShardPlanner.Plan(files, evalFiles, dataset);
            PlannedHeads.Require(planned, dataset.Format);
            var contents = await SourceContents.OfAsync(catalog, planned, [.. files, .. evalFiles], cancel);
            HeldOutText.RequireApart(planned, contents);
            planned = [.. planned.Select(shard => shard with { Ranges = WithContent(shard.Ranges), EvalRanges = WithContent(shard.EvalRanges) })];
            return (planned, contents, PlannedText.Of([.. files.ExceptBy(evalFiles.Select(file => file.Path), file => file.Path)], planned, others));

            // Jobs compare local files with it.
            SourceRange[] WithContent(IReadOnlyList<SourceRange> ranges) =>
                [.. ranges.Select(range => range.Modified is null ? range : range with { Sha256 = contents[range.Path] })];
        }
        catch (RemoteException away) when (dataset.MaxTokens is not null)
        {
            // maxTokens alone determines how much is read.
            unreached.Add(new FieldError(SpecPaths.Sources.Pointer!, away.Message));
            var (tokens, size) = (dataset.MaxTokens.Value, dataset.ShardTokens);
            var shards = Enumerable.Range(0, checked((int)((tokens + size - 1) / size))).Select(shard =>
                new ShardSource { Index = shard, Ranges = [], EvalRanges = [], EstimatedTokens = Math.Min(size, tokens - (shard * size)) });
            return ([.. shards], new Dictionary<string, string>(), PlannedText.Of([], [], []));
        }
    }
}
