using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Specification;

namespace Distil.Trainer.Tests.Jobs;

/// <summary>A file that changes after a run was planned ends the run with an error that names it.</summary>
public sealed class ChangedInputTests
{
    [Fact]
    public async Task Changed_text_is_refused_and_nothing_is_stored()
    {
        using var run = new SmallRun();
        var text = run.Spec.Dataset.Sources[0];
        File.WriteAllText(text, File.ReadAllText(text).Replace("cat", "dog", StringComparison.Ordinal));
        await Refuses(run, JobKind.Prepare, text);
        Assert.DoesNotContain(run.Blobs, blob => blob.EndsWith(".bin", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Text_that_is_only_copied_or_touched_gives_the_same_rows()
    {
        using var run = new SmallRun();
        File.SetLastWriteTimeUtc(run.Spec.Dataset.Sources[0], DateTime.UtcNow.AddDays(-1));
        SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare-00000"));
    }

    [Theory]
    [InlineData("tokenizer.json", JobKind.Prepare)]
    [InlineData("config.json", JobKind.Prepare)]
    [InlineData("model.safetensors", JobKind.Teach)]
    public async Task A_changed_file_of_the_teacher_is_refused(string name, JobKind kind)
    {
        using var run = new SmallRun();
        if (kind == JobKind.Teach)
        {
            SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare-00000"));
        }

        var path = Path.Combine(run.Spec.Teacher.Path, name);
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        await Refuses(run, kind, path);
    }

    [Theory]
    [InlineData("tokenizer_config.json", """{"eos_token": "."}""")]
    [InlineData("model.safetensors.index.json", """{"weight_map": {}}""")]
    public async Task A_file_that_changes_how_the_teacher_is_read_is_refused_if_it_is_new(string name, string content)
    {
        using var run = new SmallRun();
        var path = Path.Combine(run.Spec.Teacher.Path, name);
        Assert.False(File.Exists(path));
        File.WriteAllText(path, content);
        var failure = (await run.DoAsync(JobKind.Prepare, "prepare-00000")).Failure!;
        Assert.Equal((FailureClass.InvalidInput, $"{path}: was not there when the run was planned; expected the model as it was planned, or a new run"), (failure.Class, failure.Message));
    }

    [Fact]
    public async Task A_changed_file_of_a_task_is_refused_and_no_evaluation_is_stored()
    {
        using var run = new SmallRun(spec => spec with
        {
            Training = spec.Training with { Epochs = 1 }, Evaluation = spec.Evaluation with { Baseline = false },
        });
        await run.PrepareAndTeachAsync();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train-001"));
        var task = run.Spec.Evaluation.Tasks[0].Path;
        var text = File.ReadAllText(task);
        File.WriteAllText(task, text.Replace("birds", "words", StringComparison.Ordinal));
        await Refuses(run, JobKind.Evaluate, task);
        Assert.DoesNotContain(run.Artifacts.Evaluation(StudentVariant.Distilled, 0).Closing, run.Blobs);

        File.WriteAllText(task, text);
        SmallRun.Succeeded(await run.DoAsync(JobKind.Evaluate, "evaluate-again-1"));
        Assert.Contains(run.Artifacts.Evaluation(StudentVariant.Distilled, 0).Closing, run.Blobs);
    }

    [Fact]
    public void The_plan_knows_the_files_of_tasks()
    {
        using var run = new SmallRun();
        Assert.Equal(run.Spec.Evaluation.Tasks.Select(task => task.Path), run.Plan.Tasks!.Select(file => file.Path));
        Assert.All(run.Plan.Tasks!, file => Assert.True(file is { Modified: not null, Identity.Length: 64 }));
        using var without = new SmallRun(spec => spec with { Evaluation = new EvaluationSpec() });
        Assert.Null(without.Plan.Tasks);
    }

    private static async Task Refuses(SmallRun run, JobKind kind, string path)
    {
        var failure = (await run.DoAsync(kind, $"{kind}-00000".ToLowerInvariant())).Failure!;
        Assert.Equal(FailureClass.InvalidInput, failure.Class);
        Assert.StartsWith($"{path}: has changed since it was planned", failure.Message, StringComparison.Ordinal);
    }
}
