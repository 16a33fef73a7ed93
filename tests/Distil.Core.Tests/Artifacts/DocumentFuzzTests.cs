using Distil.Core.Artifacts.Kinds;
using System.Text.Json;
using Distil.Core.Artifacts;
using Distil.Core.Documents;
using Distil.Core.Errors;
using Distil.Core.Jobs;
using Distil.Core.Runs;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tests.Documents.Reports;
using Distil.Core.Tests.Pipeline;
using Distil.Fuzzing;

namespace Distil.Core.Tests.Artifacts;

/// <summary>Documents in storage that somebody changed: each ends in an error that names the blob.</summary>
public sealed class DocumentFuzzTests : IDisposable
{
    private const string Blob = "some/document.json";
    private static readonly ArtifactFile File = new("datasets/a/tokens-00000.bin", 1024, new string('a', 64));
    private readonly InMemoryBlobService _service = new();
    private readonly ArtifactStore _store;

    public DocumentFuzzTests() => _store = _service.OpenStore();

    public void Dispose() => _service.Dispose();

    [Fact]
    public Task Dataset_shard() => HoldsAsync(Shard);

    [Fact]
    public Task Dataset_manifest() => HoldsAsync(new DatasetManifest
    {
        DatasetId = "a",
        Shards = [Shard],
        TrainRows = 1,
        TrainTokens = 2,
        EvalRows = 3,
        EvalTokens = 4,
    });

    [Fact]
    public Task Teacher_outputs_shard() => HoldsAsync(Outputs);

    [Fact]
    public Task Teacher_outputs_manifest() => HoldsAsync(new TeacherOutputsManifest
    {
        TeacherOutputsId = "t",
        DatasetId = "a",
        Shards = [Outputs],
        Tokens = 1,
        Bytes = 2,
        BytesPerToken = 2,
    });

    [Fact]
    public Task Checkpoint_manifest() => HoldsAsync(Checkpoint);

    [Fact]
    public Task Run_plan() => HoldsAsync(Plans.Of("one", 2));

    [Fact]
    public Task Run_status() => HoldsAsync(new RunStatus
    {
        RunId = "one",
        State = RunState.Running,
        Stage = JobKind.Train,
        Jobs = ["train-001"],
        LastFailure = new JobFailure(FailureClass.Transient, "m"),
        StartedAt = default,
        UpdatedAt = default,
    });

    [Fact]
    public Task Job_result() => HoldsAsync(new JobResult
    {
        Output = JsonSerializer.SerializeToElement(new { rows = 1 }),
        StartedAt = default,
        EndedAt = default,
    });

    [Fact]
    public Task Job_progress() => HoldsAsync(new JobProgress { Stage = "train", Done = 1, Total = 2, Unit = "steps", Loss = 1.5, At = default });

    [Fact]
    public Task Job_request() => HoldsAsync(Plans.Request("one", Plans.Artifacts("one").Dataset, "prepare-00000") with
    {
        Source = new ShardSource
        {
            Index = 0, Ranges = [new SourceRange("/x", 0, 9)], EvalRanges = [new SourceRange("https://x/y", 0, 9) { ETag = "e", FileBytes = 9 }], EstimatedTokens = 1,
        },
    });

    [Fact]
    public Task Job_definition() => HoldsAsync(Plans.Request("one", Plans.Artifacts("one").Dataset, "prepare-00000").Defined! with
    {
        Text = new PlannedText { Files = 1, FilesRead = 1, Tokens = 3 },
    });

    [Fact]
    public Task Report() => HoldsAsync(SampleReport.Create());

    [Fact]
    public Task Evaluation() => HoldsAsync(SampleReport.Create().Epochs[^1]);

    [Fact]
    public Task Step_metrics() => HoldsAsync(new StepMetrics
    {
        Epoch = 0, Step = 0, GlobalStep = 0, Loss = 1, CrossEntropy = 1, LearningRate = 1, GradientNorm = 1, Tokens = 1, TokensPerSecond = 1,
    });

    [Fact]
    public async Task A_damaged_checkpoint_is_passed_over_and_writes_nowhere_else()
    {
        var checkpoints = new CheckpointStore(_store, Plans.Artifacts("run").Weights(StudentVariant.Distilled, 0));
        var manifest = ArtifactLayout.Checkpoint("run", StudentVariant.Distilled, 0, 5, ArtifactLayout.ManifestFile);
        using var folder = new TemporaryFolder();
        var inside = Directory.CreateDirectory(System.IO.Path.Combine(folder.Path, "inside")).FullName;
        await Hostile.EndsInAsync<ArtifactException>(Mutations.OfJson(JsonSerializer.Serialize(Checkpoint, DistilJson.Options)), bytes =>
        {
            _service.Blobs[manifest] = bytes;
            UnlessOfAnotherVersion(() => checkpoints.RestoreAsync(inside, _ => { }).GetAwaiter().GetResult());
            Assert.Empty(Directory.EnumerateFileSystemEntries(inside));
            Assert.Equal([inside], Directory.EnumerateFileSystemEntries(folder.Path));
        });
    }

    private static DatasetShard Shard => new()
    {
        Index = 0,
        Train = new TokenFile(File, 3, 20),
        Eval = new TokenFile(File, 1, 8),
        Documents = 2,
        SourceBytes = 100,
    };

    private static TeacherOutputsShard Outputs => new() { Index = 0, File = File, Rows = 1, Tokens = 8, MeanKeptTokens = 2, CappedShare = 0 };

    private static CheckpointManifest Checkpoint => new() { Epoch = 0, Step = 5, EndOfEpoch = false, Files = [File] };

    private async Task HoldsAsync<T>(T valid)
        where T : class
    {
        var json = JsonSerializer.Serialize(valid, DistilJson.Indented);
        await Hostile.EndsInAsync<ArtifactException>(Mutations.OfJson(json), Read, iterations: 700);
        await Hostile.EndsInAsync<ArtifactException>(Mutations.Of(System.Text.Encoding.UTF8.GetBytes(json)), Read, iterations: 300);
        await Hostile.EndsInAsync<ArtifactException>(Mutations.Arbitrary, Read, iterations: 100);

        void Read(byte[] bytes)
        {
            _service.Blobs[Blob] = bytes;
            UnlessOfAnotherVersion(() => _store.ReadJsonAsync<T>(Blob).GetAwaiter().GetResult());
        }
    }

    private static void UnlessOfAnotherVersion(Action read)
    {
        try
        {
            read();
        }
        catch (InvalidInputException other)
        {
            Assert.Contains("json: version is ", other.Message, StringComparison.Ordinal);
        }
    }
}
