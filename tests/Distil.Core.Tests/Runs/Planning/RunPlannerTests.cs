using System.Text.Json;
using Distil.Core.Errors;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tests.Models;

namespace Distil.Core.Tests.Runs.Planning;

public sealed class RunPlannerTests : PlanningFixture
{
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
        Folder.Write("chats.jsonl", string.Concat(Enumerable.Repeat(line + "\n", 200)));
        Folder.Write("teacher/chat_template.jinja", "{{ messages }}");
        var spec = Spec() with { Dataset = Spec().Dataset with { Sources = [Path.Combine(Folder.Path, "chats.jsonl")], Format = DatasetFormat.Jsonl, MaxTokens = null } };
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
        Folder.Write("text.txt", new string('b', SourceBytes));
        var after = await PlanAsync();
        Assert.NotEqual(before.DatasetId, after.DatasetId);
        Assert.NotEqual(before.TeacherOutputsId, after.TeacherOutputsId);
    }

    [Fact]
    public async Task Other_weights_make_other_outputs_over_the_same_dataset()
    {
        var before = await PlanAsync();
        TinyTeacher.Write(Path.Combine(Folder.Path, "teacher"), fill: 1);
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

    [Fact]
    public async Task A_task_that_cannot_be_read_is_found_before_anything_is_done()
    {
        Folder.Write("task.jsonl", """{"question": "a", "choices": ["b", "c"], "answer": 7}""");
        var spec = Spec();
        var task = new TaskSpec { Name = "t", Path = Path.Combine(Folder.Path, "task.jsonl") };
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => new RunPlanner(TimeProvider.System,
            SourceCatalog.Create(new SourceSettings(), TimeProvider.System)).PlanAsync(
            spec with { Evaluation = spec.Evaluation with { Tasks = [task] } }, TestContext.Current.CancellationToken));
        Assert.Contains("task.jsonl:1: the answer", error.Message);
    }
}
