using System.Text.Json;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Hub;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Runs.Reading;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tests.Hub;
using Distil.Core.Tests.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Core.Tests.Runs.Planning;

public sealed class RunPlannerTests : IDisposable
{
    private const int SourceBytes = 80_000;
    private readonly TemporaryFolder _folder = new();

    public RunPlannerTests()
    {
        TinyTeacher.Write(Path.Combine(_folder.Path, "teacher"));
        _folder.Write("text.txt", new string('a', SourceBytes));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Counts_tokens_rows_and_steps_from_the_bytes_of_the_sources()
    {
        var plan = await PlanAsync();
        Assert.Equal(20_000, plan.Tokens.Value);
        Assert.Equal(313, plan.Rows.Value);         // 20,000 / 64, up
        Assert.Equal(20, plan.StepsPerEpoch.Value); // 313 / (8 × 2), up
        Assert.Equal(60, plan.Steps.Value);
        Assert.Equal([0, 1], plan.Shards.Select(shard => shard.Index));
        Assert.All(plan.Figures, figure => Assert.NotEmpty(figure.Figure.From));
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"0123456789"},{"role":"assistant","content":"0123456789"},{"role":"assistant","content":"x","loss":false}]}""")]
    [InlineData("""{"conversations":[{"from":"human","value":"01234567890123456789"},{"from":"gpt","value":"0123456789"},{"from":"gpt","value":"x","weight":0}],"id":7}""")]
    [InlineData("""{"prompt":"01234567890123456789012345678901","completion":"0123456789"}""")]
    [InlineData("""{"instruction":"012345678901234567890123456789012345","input":"","output":"0123456789"}""")]
    public async Task A_plan_of_chats_estimates_the_tokens_that_count_from_the_first_lines(string line)
    {
        _folder.Write("chats.jsonl", string.Concat(Enumerable.Repeat(line + "\n", 200)));
        _folder.Write("teacher/chat_template.jinja", "{{ messages }}");
        var spec = Spec() with { Dataset = Spec().Dataset with { Sources = [Path.Combine(_folder.Path, "chats.jsonl")], Format = DatasetFormat.Jsonl, MaxTokens = null } };
        var (text, chats) = (await PlanOfAsync(spec), await PlanOfAsync(spec with { Dataset = spec.Dataset with { Chat = new() } }));
        var share = 10.0 / (line.Length + 1);
        Assert.Null(text.Labels);
        Assert.InRange(chats.Labels!.Value, chats.Tokens.Value * share - 1, chats.Tokens.Value * share + 1);
        Assert.InRange((double)chats.TeacherOutputsBytes.Value / text.TeacherOutputsBytes.Value, share * 0.99, share * 1.01);
        var all = await PlanOfAsync(spec with { Dataset = spec.Dataset with { Chat = new() { Train = TrainedTokens.All } } });
        Assert.Equal(all.Tokens.Value, all.Labels!.Value);
    }

    [Fact]
    public async Task Survives_being_written_and_read()
    {
        var written = JsonSerializer.Serialize(await PlanAsync(), DistilJson.Options);
        Assert.Equal(written, JsonSerializer.Serialize(JsonSerializer.Deserialize<RunPlan>(written, DistilJson.Options), DistilJson.Options));
    }

    [Fact]
    public async Task A_second_run_over_the_same_files_has_the_same_artifacts_and_another_name()
    {
        var (first, second) = (await PlanAsync(), await PlanAsync());
        Assert.Equal((first.DatasetId, first.TeacherOutputsId), (second.DatasetId, second.TeacherOutputsId));
        Assert.NotEqual(first.RunId, second.RunId);
        Assert.Matches("^2026-11-24-010203-tales-[0-9a-f]{6}$", first.RunId);
    }

    [Fact]
    public async Task Other_text_makes_another_dataset()
    {
        var before = await PlanAsync();
        _folder.Write("text.txt", new string('b', SourceBytes));
        var after = await PlanAsync();
        Assert.NotEqual(before.DatasetId, after.DatasetId);
        Assert.NotEqual(before.TeacherOutputsId, after.TeacherOutputsId);
    }

    [Fact]
    public async Task Other_weights_make_other_outputs_over_the_same_dataset()
    {
        var before = await PlanAsync();
        TinyTeacher.Write(Path.Combine(_folder.Path, "teacher"), fill: 1);
        var after = await PlanAsync();
        Assert.Equal(before.DatasetId, after.DatasetId);
        Assert.NotEqual(before.TeacherOutputsId, after.TeacherOutputsId);
    }

    [Fact]
    public async Task Settings_that_do_not_change_the_data_do_not_change_its_name()
    {
        var (before, after) = (await PlanAsync(), await PlanAsync(training: """{ "epochs": 9, "learningRate": 1 }"""));
        Assert.Equal((before.DatasetId, before.TeacherOutputsId), (after.DatasetId, after.TeacherOutputsId));
        Assert.NotEqual(before.DatasetId, (await PlanAsync(contextLength: 32)).DatasetId);
    }

    [Fact]
    public async Task A_context_too_long_for_the_teacher_is_refused() =>
        Assert.Equal("dataset.contextLength is 129; expected at most 128, the teacher's max_position_embeddings",
            (await Assert.ThrowsAsync<InvalidInputException>(() => PlanAsync(contextLength: 129))).Message);

    [Theory]
    [InlineData("config.json", null, "has no config.json; expected a Hugging Face folder")]
    [InlineData("tokenizer.json", null, "has no tokenizer.json; expected a Hugging Face folder")]
    [InlineData("model.safetensors", null, "has no *.safetensors; expected model.safetensors, or shards with their index")]
    [InlineData("config.json", "{", "config.json: cannot be read")]
    [InlineData("config.json", """{ "model_type": "gpt2" }""", "config.json: model_type is \"gpt2\"; expected one of qwen2, qwen3, llama, mistral")]
    [InlineData("config.json", """{ "model_type": "llama" }""", "config.json: hidden_size is missing; expected a whole number ≥ 1")]
    [InlineData("config.json", """{ "model_type": "llama", "hidden_size": 64, "num_attention_heads": 4, "num_hidden_layers": 2, "hidden_act": "gelu" }""", "config.json: hidden_act is \"gelu\"; expected silu")]
    [InlineData("tokenizer.json", """{ "model": { "type": "Unigram" } }""", "tokenizer.json: model.type: Unigram is not supported")]
    [InlineData("tokenizer.json", """{ "model": { "type": "BPE", "dropout": 0.1 } }""", "tokenizer.json: model.dropout: 0.1 is not supported")]
    [InlineData("tokenizer.json", "version https://git-lfs.github.com/spec/v1\n", "tokenizer.json: is a Git LFS pointer")]
    [InlineData("model.safetensors", "version https://git-lfs.github.com/spec/v1\n", "model.safetensors: is a Git LFS pointer")]
    [InlineData("model.safetensors", "weights", "model.safetensors: 7 bytes are too few for a safetensors file")]
    [InlineData("adapter_config.json", "{}", "has adapter_config.json, an adapter, which is not read")]
    public async Task A_teacher_that_cannot_be_used_is_refused(string file, string? content, string message)
    {
        File.Delete(Path.Combine(_folder.Path, "teacher", file));
        if (content is not null)
        {
            _folder.Write($"teacher/{file}", content);
        }

        Assert.Contains(message, (await Assert.ThrowsAsync<InvalidInputException>(() => PlanAsync())).Message);
    }

    [Fact]
    public async Task A_teacher_with_weights_that_are_cut_off_or_missing_is_refused()
    {
        var path = Path.Combine(_folder.Path, "teacher", "model.safetensors");
        File.WriteAllBytes(path, TinyTeacher.Weights()[..^1]);
        Assert.Contains("model.safetensors: lm_head.weight ends at byte", (await Assert.ThrowsAsync<InvalidInputException>(() => PlanAsync())).Message);
        File.WriteAllBytes(path, TinyTeacher.Weights(name => name != "model.layers.1.mlp.up_proj.weight"));
        Assert.Contains("the weights have no tensor model.layers.1.mlp.up_proj.weight", (await Assert.ThrowsAsync<InvalidInputException>(() => PlanAsync())).Message);
    }

    [Fact]
    public async Task A_tokenizer_with_more_ids_than_the_teacher_has_rows_is_refused()
    {
        _folder.Write("teacher/config.json", TinyTeacher.Config.Replace("288", "256", StringComparison.Ordinal));
        Assert.Contains("has ids up to 256; the model", (await Assert.ThrowsAsync<InvalidInputException>(() => PlanAsync())).Message);
    }

    [Fact]
    public async Task What_is_read_of_a_teacher_and_what_is_not_is_in_the_plan()
    {
        File.WriteAllBytes(Path.Combine(_folder.Path, "teacher", "stale.safetensors"), []);
        var reading = (await PlanAsync()).TeacherReading!;
        Assert.Equal(["model.safetensors"], reading.Files);
        Assert.Equal(TinyTeacher.Shapes.Count, reading.Tensors["BF16"]);
        Assert.Contains("not from stale.safetensors", Assert.Single(reading.Warnings));
    }

    [Fact]
    public async Task A_task_that_cannot_be_read_is_found_before_anything_is_done()
    {
        _folder.Write("task.jsonl", """{"question": "a", "choices": ["b", "c"], "answer": 7}""");
        var spec = Spec();
        var task = new TaskSpec { Name = "t", Path = Path.Combine(_folder.Path, "task.jsonl") };
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => new RunPlanner(TimeProvider.System,
            SourceCatalog.Create(new SourceSettings(), TimeProvider.System)).PlanAsync(
            spec with { Evaluation = spec.Evaluation with { Tasks = [task] } }, TestContext.Current.CancellationToken));
        Assert.Contains("task.jsonl:1: the answer", error.Message);
    }

    [Fact]
    public async Task Without_the_hub_the_papers_run_can_be_planned_and_not_run()
    {
        var spec = RunSpecReader.Read(Path.Combine(AppContext.BaseDirectory, "samples", "paper.json"));
        var plan = await new RunPlanner(TimeProvider.System, Unreachable).PlanAsync(spec, Cancel);

        Assert.Equal((85_134_408, 551_881_800), (plan.TrainableParameters.Value, plan.TotalParameters.Value));
        Assert.Equal((1_000_000, 125_000, 1_250_000), (plan.Rows.Value, plan.StepsPerEpoch.Value, plan.Steps.Value));
        Assert.Equal(31, plan.Shards.Count);
        Assert.Equal(512_000_000, plan.Shards.Sum(shard => shard.EstimatedTokens));
        Assert.Equal("the table of known teachers, for planning only", plan.Teacher.From);
        var error = Assert.Throws<InvalidInputException>(plan.RequireRunnable);
        Assert.Equal(["/teacher/path", "/dataset/sources"], error.Errors.Select(one => one.Pointer));
        Assert.Contains("http://127.0.0.1:1/api/models/Qwen/Qwen2.5-1.5B/revision/main does not answer as it should", error.Message);
    }

    [Fact]
    public async Task Sources_that_are_not_reached_cannot_be_planned_without_maxTokens()
    {
        var spec = Spec() with { Dataset = new DatasetSpec { Sources = ["hf://somebody/text"], ContextLength = 64 } };
        var error = await Assert.ThrowsAsync<RemoteException>(() => new RunPlanner(TimeProvider.System, Unreachable).PlanAsync(spec, Cancel));
        Assert.Contains("/api/datasets/somebody/text/revision/main", error.Message);
    }

    [Fact]
    public async Task A_teacher_that_is_not_reached_and_not_known_cannot_be_planned()
    {
        var spec = Spec() with { Teacher = new TeacherSpec { Path = "hf://somebody/model" } };
        var error = await Assert.ThrowsAsync<RemoteException>(() => new RunPlanner(TimeProvider.System, Unreachable).PlanAsync(spec, Cancel));
        Assert.Contains("/api/models/somebody/model/revision/main", error.Message);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private SourceCatalog Unreachable => HubFixture.Catalog(
        new HubClient(new HubOptions { Endpoint = new Uri("http://127.0.0.1:1"), Cache = _folder.Path, Retries = new RetryOptions { Tries = 1 } },
            TimeProvider.System, NullLogger.Instance));

    private Task<RunPlan> PlanAsync(int contextLength = 64, string training = """{ "epochs": 3, "gradientAccumulation": 2 }""") =>
        PlanOfAsync(Spec(contextLength, training));

    private static Task<RunPlan> PlanOfAsync(RunSpec spec) =>
        new RunPlanner(new FixedTime(), SourceCatalog.Create(new SourceSettings(), TimeProvider.System)).PlanAsync(spec, Cancel);

    private RunSpec Spec(int contextLength = 64, string training = "{}") => RunSpecReader.Parse(
        $$"""
        {
          "name": "tales",
          "teacher": { "path": "teacher" },
          "dataset": { "sources": ["text.txt"], "contextLength": {{contextLength}}, "shardTokens": 10000 },
          "training": {{training}},
        }
        """,
        "spec.json", _folder.Path);

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 11, 24, 1, 2, 3, TimeSpan.Zero);
    }
}
