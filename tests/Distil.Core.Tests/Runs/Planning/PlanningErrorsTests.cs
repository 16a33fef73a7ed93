using System.Text.Json.Nodes;
using Distil.Core.Api;
using Distil.Core.Errors;
using Distil.Core.Hub;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Runs.Reading;
using Distil.Core.Tests.Hub;
using Distil.Core.Tests.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Core.Tests.Runs.Planning;

/// <summary>An error of planning names its field apart from its sentence: the API points at it, whatever the sentence is.</summary>
public sealed class PlanningErrorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public PlanningErrorsTests()
    {
        GoldenSpecifications.WriteFiles(_folder.Path);
        foreach (var (copy, file, content) in new[]
        {
            ("no-config", "config.json", null), ("torn-config", "config.json", "{"), ("other-family", "config.json", """{ "model_type": "gpt2" }"""),
            ("no-tokenizer", "tokenizer.json", null), ("torn-tokenizer", "tokenizer.json", "["),
            ("large-tokenizer", "tokenizer.json", TinyTeacher.Tokenizer.Replace("\"id\":256", "\"id\":288", StringComparison.Ordinal)),
            ("no-weights", "model.safetensors", null),
            ("no-shard", "model.safetensors.index.json", """{ "weight_map": { "a": "model-00001-of-00001.safetensors" } }"""),
            ("odd-index", "model.safetensors.index.json", "{}"),
        })
        {
            foreach (var path in Directory.EnumerateFiles(Path.Combine(_folder.Path, "teacher")).Where(path => Path.GetFileName(path) != file && !(file.EndsWith("index.json") && path.EndsWith("model.safetensors"))))
            {
                Directory.CreateDirectory(Path.Combine(_folder.Path, copy));
                File.Copy(path, Path.Combine(_folder.Path, copy, Path.GetFileName(path)));
            }

            if (content is not null)
            {
                _folder.Write($"{copy}/{file}", content);
            }
        }

        _folder.Write("empty.txt", "");
        File.Copy(Path.Combine(_folder.Path, "text.txt"), Path.Combine(_folder.Path, "copy-of-text.txt"));
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "link-to-text.txt"), "text.txt");
        _folder.Write("task.jsonl", """{"question": "a", "choices": ["b", "c"], "answer": 1}""");
        _folder.Write("torn.jsonl", """{"question": "a", "choices": ["b"]}""");
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("/teacher/path", "teacher.path", "'nowhere'")]
    [InlineData("/teacher/path", "teacher.path", "'no-config'")]
    [InlineData("/teacher/path", "teacher.path", "'torn-config'")]
    [InlineData("/teacher/path", "teacher.path", "'other-family'")]
    [InlineData("/teacher/path", "teacher.path", "'no-tokenizer'")]
    [InlineData("/teacher/path", "dataset.chat", "{}")] // it has no chat template
    [InlineData("/teacher/path", "teacher.path", "'torn-tokenizer'")]
    [InlineData("/teacher/path", "teacher.path", "'large-tokenizer'")]
    [InlineData("/teacher/path", "teacher.path", "'no-weights'")]
    [InlineData("/teacher/path", "teacher.path", "'no-shard'")]
    [InlineData("/teacher/path", "teacher.path", "'odd-index'")]
    [InlineData("/teacher/path", "teacher.path", "'hf://nobody'")]
    [InlineData("/teacher/path", "teacher.path", "'hf://somebody/not-in-the-cache'")]
    [InlineData("/teacher/path", "teacher.path", "'ftp://host/model'")]
    [InlineData("/dataset/sources", "dataset.sources", "['nowhere.txt']")]
    [InlineData("/dataset/sources", "dataset.sources", "['*.odd']")]
    [InlineData("/dataset/sources", "dataset.sources", "['teacher']")]
    [InlineData("/dataset/sources", "dataset.sources", "['empty.txt']")]
    [InlineData("/dataset/sources", "dataset.sources", "['held.jsonl']")]
    [InlineData("/dataset/sources", "dataset.sources", "['hf://nobody']")]
    [InlineData("/dataset/sources", "dataset.sources", "['hf://a/b@c/../d']")]
    [InlineData("/dataset/sources", "dataset.sources", "['hf://somebody/not-in-the-cache']")]
    [InlineData("/dataset/sources", "dataset.sources", "['ftp://host/a.txt']")]
    [InlineData("/dataset/evalSources", "dataset.evalSources", "['nowhere.txt']")]
    [InlineData("/dataset/evalSources", "dataset.evalSources", "['empty.txt']")]
    [InlineData("/dataset/evalSources", "dataset.evalSources", "['copy-of-text.txt']")]
    [InlineData("/dataset/evalSources", "dataset.evalSources", "['link-to-text.txt']")]
    [InlineData("/dataset/contextLength", "dataset.contextLength", "129")]
    [InlineData("/student/heads", "student.heads", "7")]
    [InlineData("/student/qkvBlockSize", "student.qkvBlockSize", "31")]
    [InlineData("/compute/gpusPerWorker", "compute.gpusPerWorker", "3")]
    [InlineData("/evaluation/tasks/0/path", "evaluation.tasks", "[{ 'name': 't', 'path': 'nowhere.jsonl' }]")]
    [InlineData("/evaluation/tasks/0/path", "evaluation.tasks", "[{ 'name': 't', 'path': 'torn.jsonl' }]")]
    [InlineData("/evaluation/tasks/0/path", "evaluation.tasks", "[{ 'name': 't', 'path': 'text.txt' }]")]
    [InlineData("/evaluation/tasks/1/path", "evaluation.tasks", "[{ 'name': 't', 'path': 'task.jsonl' }, { 'name': 'u', 'path': 'empty.txt' }]")]
    [InlineData("/evaluation/tasks/0/shotsPath", "evaluation.tasks", "[{ 'name': 't', 'path': 'task.jsonl', 'shots': 1, 'shotsPath': 'nowhere.jsonl' }]")]
    [InlineData("/evaluation/tasks/0/shots", "evaluation.tasks", "[{ 'name': 't', 'path': 'task.jsonl', 'shots': 1 }]")]
    public async Task An_error_of_planning_points_at_its_field(string pointer, string field, string value)
    {
        var json = JsonNode.Parse("""{ "name": "a", "teacher": { "path": "teacher" }, "dataset": { "sources": ["text.txt"], "contextLength": 64 }, "student": {}, "training": { "gradientAccumulation": 4 }, "evaluation": {}, "compute": {} }""")!;
        var (section, name) = (field.Split('.')[0], field.Split('.')[1]);
        json[section]![name] = JsonNode.Parse(value.Replace('\'', '"'));
        if (name == "chat")
        {
            json[section]!["format"] = "jsonl";
        }

        var spec = RunSpecReader.Parse(json.ToJsonString(), "spec.json", _folder.Path);
        var catalog = HubFixture.Catalog(new HubClient(new HubOptions { Cache = _folder.Path, Offline = true }, TimeProvider.System, NullLogger.Instance));

        var wrong = await Assert.ThrowsAsync<InvalidInputException>(
            () => new RunPlanner(TimeProvider.System, catalog) { CountGpus = () => 2 }.PlanAsync(spec, TestContext.Current.CancellationToken));
        var problem = ApiProblemException.Of(wrong);
        var error = Assert.Single(problem.Errors);
        Assert.Equal((pointer, wrong.Message, wrong.Message), (error.Pointer, error.Message, problem.Message));
    }

    [Fact]
    public async Task A_run_is_refused_if_two_shards_do_not_fit_on_a_jobs_disk_and_told_which_would()
    {
        File.WriteAllLines(Path.Combine(_folder.Path, "long.txt"), Enumerable.Range(0, 2000).Select(i => $"line {i} of a text with several shards"));
        var found = await PlanAsync(null);
        Assert.True(found.Shards.Count > 4);
        var beside = SpaceNeeded.BesideShards(found.TeacherLocation, SpaceNeeded.Checkpoint(found));
        var all = beside + found.DatasetBytes.Value + found.TeacherOutputsBytes.Value;
        var two = found.Shards.Select(shard => shard.EstimatedTokens).OrderDescending().Take(2).Sum()
            * (found.DatasetBytes.Value + found.TeacherOutputsBytes.Value) / found.Tokens.Value;

        await PlanAsync(beside + two + 1);
        Assert.True(beside + two + 1 < all); // the whole data does not fit
        var error = Assert.Single((await Assert.ThrowsAsync<InvalidInputException>(() => PlanAsync(beside + (two / 2)))).Errors);

        Assert.Equal("/dataset/shardTokens", error.Pointer);
        Assert.Contains("has 2 shards with the teacher's outputs on its disk at once", error.Message, StringComparison.Ordinal);
        var fits = int.Parse(System.Text.RegularExpressions.Regex.Match(error.Message, "expected at most ([0-9]+)").Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        await PlanAsync(beside + (two / 2), fits);
        await Assert.ThrowsAsync<InvalidInputException>(() => PlanAsync(beside + (two / 2), fits * 5 / 4));

        var none = Assert.Single((await Assert.ThrowsAsync<InvalidInputException>(() => PlanAsync(beside))).Errors);
        Assert.Equal("/teacher/path", none.Pointer);
        Assert.Contains("two checkpoints", none.Message, StringComparison.Ordinal);

        Task<RunPlan> PlanAsync(long? disk, int shardTokens = 2000)
        {
            var json = $$"""
                { "name": "a", "teacher": { "path": "teacher" }, "dataset": { "sources": ["long.txt"], "contextLength": 64, "shardTokens": {{shardTokens}} } }
                """;
            var catalog = HubFixture.Catalog(new HubClient(new HubOptions { Cache = _folder.Path, Offline = true }, TimeProvider.System, NullLogger.Instance));
            return new RunPlanner(TimeProvider.System, catalog) { JobDiskBytes = disk }.PlanAsync(
                RunSpecReader.Parse(json, "spec.json", _folder.Path), TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public void A_sentence_that_looks_like_a_field_is_none() =>
        Assert.Empty(ApiProblemException.Of(new InvalidInputException("teacher.path: /x does not exist")).Errors);

    [Fact]
    public void A_commands_option_is_named_and_not_pointed_at()
    {
        var wrong = new InvalidInputException(FieldPath.Named("--model"), "/x does not exist");
        Assert.Equal("--model: /x does not exist", wrong.Message);
        Assert.Empty(wrong.Errors);
    }
}
