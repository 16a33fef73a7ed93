using System.Diagnostics;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Logging;
using Distil.Core.Models;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tests.Artifacts;
using Distil.Trainer.Commands;
using Distil.Trainer.Jobs;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Ranks;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Jobs;

/// <summary>A run of seconds: a new teacher, a hundred short documents, a student of two blocks, storage in memory.</summary>
internal sealed partial class SmallRun : IDisposable
{
    private readonly StringWriter _log = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");
    private readonly InMemoryBlobService _service;
    private JobProgram _program;
    private int _machines;

    /// <param name="change">Adapts the specification.</param>
    /// <param name="beside">A run in whose storage this one is made; null for a storage of its own.</param>
    public SmallRun(Func<RunSpec, RunSpec>? change = null, SmallRun? beside = null)
    {
        _service = beside?._service ?? new InMemoryBlobService();
        Store = beside?.Store ?? _service.OpenStore();
        MakeTeacher();
        File.WriteAllLines(PathOf("text.txt"), Enumerable.Range(0, 100).Select(
            i => $"The cat number {i} sat on the mat and looked at {i * 7 % 13} birds. It was day {i % 5}."));
        File.WriteAllLines(
            PathOf("days.jsonl"), Enumerable.Range(0, 5).Select(i => $$"""{"question": "It was day", "choices": ["{{i}}.", "seven birds."], "answer": 0}"""));
        var spec = new RunSpec
        {
            Name = "small",
            Teacher = new TeacherSpec { Path = TeacherFolder },
            Dataset = new DatasetSpec { Sources = [PathOf("text.txt")], ContextLength = 32, EvalFraction = 0.2, ShardTokens = 1200 },
            Student = new StudentSpec { Blocks = 2, QkvBlockSize = 8 },
            Training = new TrainingSpec { Epochs = 2, BatchSize = 4, LearningRate = 1e-3, CheckpointEverySteps = 3 },
            Evaluation = new EvaluationSpec
            {
                Baseline = true, SampleTokens = 4, DecodeContexts = [8], Tasks = [new TaskSpec { Name = "days", Path = PathOf("days.jsonl") }],
                Recall = new RecallSpec { Lengths = [8, 16], Sequences = 4 },
            },
            Compute = new ComputeSpec { Device = ComputeDevice.Cpu },
        };
        Spec = change?.Invoke(spec) ?? spec;
        Plan = new RunPlanner(TimeProvider.System, SourceCatalog.Create(new SourceSettings(), TimeProvider.System)).PlanAsync(Spec, Store, CancellationToken.None)
            .GetAwaiter().GetResult();
        _program = NewProgram();
    }

    public RunSpec Spec { get; }

    public RunPlan Plan { get; }

    public RunArtifacts Artifacts => Plan.ArtifactsOf(Spec);

    public ArtifactStore Store { get; }

    /// <summary>What the trainers logged.</summary>
    public string Log => _log.ToString();

    /// <value>The trainer's processes for further GPUs, which are the CPU here.</value>
    public RankPool Pool { get; private set; } = null!;

    /// <summary>Goes on on a machine that has no copies of artifacts.</summary>
    public void ChangeMachine()
    {
        _program.Dispose();
        _program = NewProgram();
    }

    /// <value>Gigabytes of disk that trainers may use, from the next <see cref="ChangeMachine"/> on; null for all there is.</value>
    public string? JobDisk { get; set; }

    /// <summary>A trainer with its own local copies.</summary>
    public JobProgram NewProgram() => new(
        new ArtifactCache(CacheOf(++_machines)), new SourceSettings { JobDisk = JobDisk }, TimeProvider.System, new TextLogger(_log), Pool = new(StartRank, onCpu: true));

    /// <summary>Where the trainer keeps its copies.</summary>
    public string Cache => CacheOf(_machines);

    private string TeacherFolder => PathOf("teacher");

    /// <summary>Writes a job's request and does it.</summary>
    public async Task<JobResult> DoAsync(
        JobKind kind, string jobId, int shard = 0, int epoch = 0, StudentVariant variant = StudentVariant.Distilled,
        bool rebuild = false, CancellationTokenSource? stop = null,
        JobProgram? by = null, bool abandoned = false, int? processes = null)
    {
        var blob = ArtifactLayout.JobRequest(Plan.RunId, jobId);
        await Store.WriteJsonAsync(blob, new JobRequest
        {
            RunId = Plan.RunId,
            JobId = jobId,
            Makes = ArtifactOf(kind, epoch, variant),
            Part = kind <= JobKind.Teach ? shard : 0,
            Rebuild = rebuild,
            Definition = await new JobDefinition
            {
                Spec = processes is { } count ? Spec with { Compute = Spec.Compute with { GpusPerWorker = count } } : Spec,
                Teacher = Plan.Teacher, TeacherLocation = Plan.TeacherLocation!, Student = Plan.Student, Linearised = Plan.Linearised, Tasks = Plan.Tasks,
                CheckpointBytes = SpaceNeeded.Checkpoint(Plan),
            }.StoreAsync(Store, Plan.RunId),
            Source = Plan.Shards[shard],
        });
        return await (by ?? _program).RunAsync(Store, blob, stop?.Token ?? CancellationToken.None, new CancellationToken(abandoned));
    }

    /// <summary>Prepares and teaches every shard.</summary>
    public async Task PrepareAndTeachAsync()
    {
        foreach (var artifact in Artifacts.Shared)
        {
            foreach (var shard in Plan.Shards)
            {
                Succeeded(await DoAsync(artifact.Maker, artifact.PartAt(shard.Index).JobId, shard.Index));
            }

            Assert.Equal(new CloseOutput(), await CloseAsync(artifact));
        }
    }

    /// <summary>Closes an artifact as the pipeline does.</summary>
    public Task<CloseOutput> CloseAsync(SharedArtifact artifact) =>
        new CloseArtifact(Store, TimeProvider.System).RunAsync(artifact, TestContext.Current.CancellationToken);

    public static JobResult Succeeded(JobResult result)
    {
        Assert.True(result.Succeeded, $"{result.Failure?.Message}\n{result.Failure?.Detail}");
        return result;
    }

    public void Dispose()
    {
        _program.Dispose();
        _service.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>The trainer beside the tests, with the tests' packages: some of the trainer's come from a framework that the tests use.</summary>
    private static ProcessStartInfo StartRank()
    {
        var command = RankCommand.Start();
        var tests = Path.ChangeExtension(typeof(SmallRun).Assembly.Location, null);
        foreach (var argument in new[] { $"{tests}.deps.json", "--depsfile", $"{tests}.runtimeconfig.json", "--runtimeconfig", "exec" })
        {
            command.ArgumentList.Insert(0, argument);
        }

        return command;
    }

    private Artifact ArtifactOf(JobKind kind, int epoch, StudentVariant student) => kind switch
    {
        JobKind.Prepare => Artifacts.Dataset,
        JobKind.Teach => Artifacts.TeacherOutputs,
        JobKind.Train or JobKind.Merge => Artifacts.Weights(student, epoch),
        JobKind.Evaluate => Artifacts.Evaluation(student, epoch),
        _ => Artifacts.Report(),
    };

    private string CacheOf(int machine) => PathOf($"cache-{machine}");

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private void MakeTeacher()
    {
        using var teacher = TransformerModel.Create(
            new TransformerConfig
            {
                Family = TransformerFamily.Qwen2, VocabularySize = 1024, HiddenSize = 64, IntermediateSize = 96, Layers = 2, Heads = 4, KeyValueHeads = 2,
                HeadSize = 16, MaxPositions = 64, TiedHead = true, QueryKeyValueBias = true,
            },
            seed: 3,
            CPU);
        teacher.Save(TeacherFolder);
        File.Copy("Golden/tokenizer-tiny/tokenizer.json", Path.Combine(TeacherFolder, "tokenizer.json"));
        File.WriteAllText(Path.Combine(TeacherFolder, "chat_template.jinja"), "{% for message in messages %}{{ message.content }}{% endfor %}");
    }
}
