using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Specification;
using Distil.Core.Tests.Endpoints;
using Distil.Core.Tokenization;
using Distil.Trainer.Datasets;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Jobs;

/// <summary>Teach jobs whose outputs come from a server on loopback.</summary>
public sealed class ServedTeacherTests : IAsyncLifetime
{
    private const int Vocabulary = 1024;

    private LocalTeacher _server = null!;

    public async ValueTask InitializeAsync() => _server = await LocalTeacher.StartAsync(Vocabulary);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(EndpointApi.Vllm, 0.9)]
    [InlineData(EndpointApi.Sglang, 1)]
    public async Task A_served_teachers_outputs_are_stored_as_those_of_a_teacher_with_its_logits(EndpointApi api, double topP)
    {
        using var run = RunOf(api, topP);
        Succeeded(await run.DoAsync(JobKind.Prepare, "prepare"));
        Succeeded(await run.DoAsync(JobKind.Teach, "teach"));
        using var files = Files.Of(run);
        Assert.Equal(files.Rows.Rows, _server.Prompts.Count);
        Assert.Equal(files.Rows.Rows, files.Outputs.Rows);
        for (var row = 0; row < files.Rows.Rows; row++)
        {
            var ids = new long[files.Rows.ContextLength];
            var length = files.Rows.ReadRow(row, ids);
            AssertRow(run, files, row, [.. Enumerable.Range(0, length)], ids[..length]);
        }
    }

    [Fact]
    public async Task Of_a_conversation_only_the_outputs_before_the_answers_tokens_are_stored_and_nothing_after_them_is_sent()
    {
        using var run = RunOf(EndpointApi.Vllm, 0.9, chat: true);
        Succeeded(await run.DoAsync(JobKind.Prepare, "prepare"));
        Succeeded(await run.DoAsync(JobKind.Teach, "teach"));
        using var files = Files.Of(run);
        var prompts = _server.Prompts.ToList();
        for (var row = 0; row < files.Rows.Rows; row++)
        {
            var ids = new long[files.Rows.ContextLength];
            files.Rows.ReadRow(row, ids);
            var counted = CountedPositions.Of(files.Rows, row);
            int[] positions = [.. Enumerable.Range(0, ids.Length).Where(position => counted[position])];
            Assert.Contains(prompts, prompt => prompt.SequenceEqual(ids.Take(positions[^1] + 1).Select(id => (int)id)));
            AssertRow(run, files, row, positions, [.. positions.Select(position => ids[position])]);
        }

        Assert.Equal(files.Rows.Rows, prompts.Count);
    }

    [Fact]
    public async Task Conversations_of_a_row_that_are_read_apart_are_asked_for_one_by_one()
    {
        using var run = RunOf(EndpointApi.Vllm, 0.9, chat: true, isolate: true);
        Succeeded(await run.DoAsync(JobKind.Prepare, "prepare"));
        Succeeded(await run.DoAsync(JobKind.Teach, "teach"));
        using var files = Files.Of(run);
        var (prompts, asked) = (_server.Prompts.ToList(), 0);
        for (var row = 0; row < files.Rows.Rows; row++)
        {
            var ids = new long[files.Rows.ContextLength];
            files.Rows.ReadRow(row, ids);
            var counted = CountedPositions.Of(files.Rows, row);
            var (tokens, places) = (new List<long>(), new List<int>());
            foreach (var (start, length) in files.Rows.DocumentsOf(row).Select(document => document.GetOffsetAndLength(ids.Length)))
            {
                int[] positions = [.. Enumerable.Range(start, length).Where(position => counted[position])];
                Assert.Contains(prompts, prompt => prompt.SequenceEqual(ids[start..(positions[^1] + 1)].Select(id => (int)id)));
                tokens.AddRange(positions.Select(position => ids[position]));
                places.AddRange(positions.Select(position => position - start));
                asked++;
            }

            AssertRow(run, files, row, places, tokens);
        }

        Assert.Equal(asked, prompts.Count);
        Assert.True(asked > files.Rows.Rows);
    }

    [Fact]
    public async Task A_student_learns_from_a_served_teacher()
    {
        using var run = RunOf(EndpointApi.Vllm, 0.9);
        await run.PrepareAndTeachAsync();
        Succeeded(await run.DoAsync(JobKind.Train, "train", epoch: 0));
        Assert.Equal((run.Plan.Rows.Value + (2 * run.Plan.Shards.Count), run.Plan.Tokens.Value + run.Plan.Rows.Value), (run.Plan.EndpointRequests!.Value, run.Plan.EndpointTokens!.Value));
    }

    [Fact]
    public async Task A_server_with_another_tokenizer_fails_the_job_and_leaves_nothing_that_counts()
    {
        using var run = RunOf(EndpointApi.Vllm, 0.9);
        Succeeded(await run.DoAsync(JobKind.Prepare, "prepare"));
        var same = _server.Tokenize;
        _server.Tokenize = text => [1, 2, 3];
        var other = await run.DoAsync(JobKind.Teach, "teach-1");
        Assert.Equal(FailureClass.InvalidInput, other.Failure!.Class);
        Assert.Contains("cuts a text into other tokens", other.Failure.Message);
        _server.Tokenize = same;
        _server.Failures.Enqueue(http => Task.FromResult(http.Response.StatusCode = 400));
        Assert.Contains("answers 400", (await run.DoAsync(JobKind.Teach, "teach-2")).Failure!.Message);
        Assert.DoesNotContain(run.Artifacts.TeacherOutputs.PartAt(0).Closing, run.Blobs);
        Succeeded(await run.DoAsync(JobKind.Teach, "teach-3"));
        Assert.Contains(run.Artifacts.TeacherOutputs.PartAt(0).Closing, run.Blobs);
    }

    private static void Succeeded(JobResult result) => SmallRun.Succeeded(result);

    /// <summary>Compares a row's first positions with what <see cref="Nucleus"/> makes of the server's logits.</summary>
    private static void AssertRow(SmallRun run, Files files, int row, IReadOnlyList<int> positions, IReadOnlyList<long> tokens)
    {
        using var scope = NewDisposeScope();
        var stored = files.Outputs.ReadRows([row], CPU);
        var logits = tensor([.. positions.Zip(tokens).SelectMany(each => LocalTeacher.Logits((int)each.Second, each.First, Vocabulary))], positions.Count, Vocabulary);
        var slots = run.Spec.Teacher.Keep.MaxTokens;
        var found = (Ids: empty([positions.Count, slots], ScalarType.Int64), Logs: empty([positions.Count, slots], ScalarType.Float32), Tail: empty([positions.Count, 1], ScalarType.Float32));
        Nucleus.Select(logits, new ExtractionSettings { Keep = run.Spec.Teacher.Keep, InverseTemperatures = [1] }, found);
        var (width, step) = ((int)stored.TokenIds.shape[1], files.Outputs.Header.LogProbabilityStep);
        Assert.Equal([1.0], stored.InverseTemperatures);
        for (var i = 0; i < positions.Count; i++)
        {
            var expected = Kept(found.Ids, found.Logs, i, slots);
            var actual = Kept(stored.TokenIds, stored.LogProbabilities, i, width);
            Assert.Equal(expected.Keys, actual.Keys);
            Assert.All(expected, token => Assert.InRange(actual[token.Key] - token.Value, -Error(token.Value, step), Error(token.Value, step)));
            Assert.Equal(found.Tail.data<float>()[i], stored.TailLogSumExp.data<float>()[i], 2e-3);
        }

        Assert.Equal(positions.Count, files.Outputs.PositionsOf(row));
    }

    /// <summary>The bound of <see cref="TeacherOutputsHeader.LogProbabilityStep"/>, and rounding.</summary>
    private static double Error(float log, double step) => (step * Math.Sqrt(-log)) + (step * step / 4) + 1e-4;

    private static SortedDictionary<long, float> Kept(Tensor ids, Tensor logs, int position, int slots) => new(Enumerable.Range(position * slots, slots)
        .Where(at => float.IsFinite(logs.data<float>()[at])).ToDictionary(at => ids.data<long>()[at], at => logs.data<float>()[at]));

    private SmallRun RunOf(EndpointApi api, double topP, bool chat = false, bool isolate = false)
    {
        var run = new SmallRun(spec => (chat ? ChatRunTests.Chats(spec, TeacherMode.Offline, isolate) : spec) with
        {
            Teacher = spec.Teacher with
            {
                Endpoint = new EndpointSpec { Url = _server.Url, Model = LocalTeacher.Model, Api = api, ParallelRequests = 3 },
                Keep = new KeepSpec { TopP = topP, MaxTokens = 24 },
            },
            Distillation = spec.Distillation with { Temperature = new ScheduleSpec { From = 1, To = 1 }, Alignment = new AlignmentSpec { Kind = AlignmentKind.None } },
            Training = spec.Training with { Epochs = 1 },
            Evaluation = spec.Evaluation with { Baseline = false },
        });
        var tokenizer = HuggingFaceTokenizer.Load(run.Spec.Teacher.Path);
        _server.Tokenize = text => tokenizer.Encode(text);
        return run;
    }

    /// <summary>The rows and the outputs of a run's first shard.</summary>
    private sealed record Files(DirectoryInfo Folder, TokenRows Rows, TeacherOutputsFile Outputs) : IDisposable
    {
        public static Files Of(SmallRun run)
        {
            var folder = Directory.CreateTempSubdirectory("distil-tests-");
            var (rows, outputs) = (Path.Combine(folder.FullName, "rows"), Path.Combine(folder.FullName, "outputs"));
            var shard = run.Store.ReadJsonAsync<DatasetShard>(run.Artifacts.Dataset.PartAt(0).Closing, TestContext.Current.CancellationToken).GetAwaiter().GetResult();
            File.WriteAllBytes(rows, run[shard.Train!.File.Name]);
            File.WriteAllBytes(outputs, run[ArtifactLayout.TeacherOutputs(run.Artifacts.TeacherOutputs.Id, 0)]);
            return new(folder, TokenRows.Open(rows), TeacherOutputsFile.Open(outputs));
        }

        public void Dispose()
        {
            Rows.Dispose();
            Outputs.Dispose();
            Folder.Delete(recursive: true);
        }
    }
}
