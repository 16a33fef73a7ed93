using System.Text;
using System.Text.Json;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Documents.Reports;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Trainer.Tests.Datasets.Chats;

namespace Distil.Trainer.Tests.Jobs;

/// <summary>Whole jobs on chat data: messages, masked rows, training, report.</summary>
public sealed class ChatRunTests
{
    [Fact]
    public async Task Messages_become_a_student_and_a_report_that_count_only_what_the_assistant_says()
    {
        using var run = new SmallRun(spec => Chats(spec, TeacherMode.Offline));
        await run.PrepareAndTeachAsync();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train", epoch: 0));
        SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "baseline", epoch: 0, variant: StudentVariant.WithoutTeacher));
        SmallRun.Succeeded(await run.DoAsync(JobKind.Evaluate, "evaluate", epoch: 0));
        SmallRun.Succeeded(await run.DoAsync(JobKind.Evaluate, "evaluate-baseline", epoch: 0, variant: StudentVariant.WithoutTeacher));
        SmallRun.Succeeded(await run.DoAsync(JobKind.Export, "export"));

        var dataset = await run.Store.ReadJsonAsync<DatasetManifest>(run.Artifacts.Dataset.Closing, TestContext.Current.CancellationToken);
        var outputs = await run.Store.ReadJsonAsync<TeacherOutputsManifest>(run.Artifacts.TeacherOutputs.Closing, TestContext.Current.CancellationToken);
        Assert.InRange(dataset.TrainLabels!.Value, 1, dataset.TrainTokens / 2);
        Assert.Equal(dataset.TrainLabels, outputs.Tokens); // what is masked is not stored
        Assert.Equal(dataset.TrainLabels, Metrics(run).Sum(step => step.GetProperty("labels").GetInt64()));

        var evaluated = await run.Store.ReadJsonAsync<EvaluationResult>(
            run.Artifacts.Evaluation(StudentVariant.Distilled, 0).Closing, TestContext.Current.CancellationToken);
        Assert.Equal(dataset.EvalLabels, evaluated.Tokens);
        var report = await run.Store.ReadJsonAsync<RunReport>(run.Artifacts.Report().Closing, TestContext.Current.CancellationToken);
        Assert.Equal((dataset.TrainLabels, dataset.EvalLabels), (report.Dataset.TrainLabels, report.Dataset.EvalLabels));
        Assert.All(report.Samples, sample => Assert.EndsWith("<|im_start|>assistant\n", sample.Prompt, StringComparison.Ordinal));
        Assert.All(report.Samples, sample => Assert.StartsWith("The", sample.Truth, StringComparison.Ordinal));
        Assert.Contains("(the others are masked)", Encoding.UTF8.GetString(run[ArtifactLayout.Report(run.Plan.RunId)]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_stored_outputs_of_what_counts_train_as_the_teacher_in_each_step_does(bool isolate)
    {
        var (stored, online) = (await LossesAsync(TeacherMode.Offline, isolate), await LossesAsync(TeacherMode.Online, isolate));
        Assert.Equal(online.Length, stored.Length);
        Assert.All(online.Zip(stored), loss => Assert.InRange(loss.Second / loss.First, 0.995, 1.005));
    }

    [Fact]
    public async Task Texts_that_begin_with_a_token_are_read_apart_from_each_other_from_their_rows_to_the_report()
    {
        using var run = new SmallRun(spec =>
        {
            File.WriteAllText(Path.Combine(spec.Teacher.Path, TokenizerSettings.FileName), """{ "add_bos_token": true, "bos_token": "<|im_start|>" }""");
            return spec with
            {
                Dataset = spec.Dataset with { IsolateDocuments = true, ContextLength = 64 }, Training = spec.Training with { Epochs = 1 },
                Evaluation = spec.Evaluation with { Baseline = false, Tasks = [] },
            };
        });
        Assert.Contains("dataset.isolateDocuments", run.Plan.Rows.From, StringComparison.Ordinal);
        await run.PrepareAndTeachAsync();
        foreach (var (kind, name, epoch) in new[] { (JobKind.Train, "train", 0), (JobKind.Evaluate, "evaluate", 0), (JobKind.Export, "export", 0) })
        {
            SmallRun.Succeeded(await run.DoAsync(kind, name, epoch: epoch));
        }

        var dataset = await run.Store.ReadJsonAsync<DatasetManifest>(run.Artifacts.Dataset.Closing, TestContext.Current.CancellationToken);
        var outputs = await run.Store.ReadJsonAsync<TeacherOutputsManifest>(run.Artifacts.TeacherOutputs.Closing, TestContext.Current.CancellationToken);
        var evaluated = await run.Store.ReadJsonAsync<EvaluationResult>(
            run.Artifacts.Evaluation(StudentVariant.Distilled, 0).Closing, TestContext.Current.CancellationToken);
        var report = await run.Store.ReadJsonAsync<RunReport>(run.Artifacts.Report().Closing, TestContext.Current.CancellationToken);
        Assert.InRange(dataset.TrainTokens - dataset.TrainLabels!.Value, dataset.Counts.Trained, dataset.Counts.Trained + dataset.TrainRows); // the first of each
        Assert.Equal(dataset.TrainLabels, outputs.Tokens);
        Assert.Equal(dataset.EvalLabels, evaluated.Tokens);
        Assert.InRange(evaluated.Rows, dataset.Counts.HeldOut, dataset.Counts.HeldOut + dataset.EvalRows); // documents, and parts of them
        Assert.All(report.Samples, sample => Assert.StartsWith("The cat number", sample.Prompt, StringComparison.Ordinal));
        Assert.Equal(3, report.Samples.Count);
        var exported = Directory.CreateTempSubdirectory("distil-exported-");
        foreach (var file in new[] { "tokenizer.json", TokenizerSettings.FileName })
        {
            await File.WriteAllBytesAsync(
                Path.Combine(exported.FullName, file), run[ArtifactLayout.ModelFile(run.Plan.RunId, StudentVariant.Distilled, file)], TestContext.Current.CancellationToken);
        }

        var tokenizer = HuggingFaceTokenizer.Load(exported.FullName);
        Assert.Equal([tokenizer.Beginning!.Value], tokenizer.Encode("<|im_start|>", cancel: TestContext.Current.CancellationToken));
        exported.Delete(recursive: true);
        Assert.Contains("read apart from each other", Encoding.UTF8.GetString(run[ArtifactLayout.Report(run.Plan.RunId)]), StringComparison.Ordinal);
    }

    private static async Task<double[]> LossesAsync(TeacherMode mode, bool isolate)
    {
        using var run = new SmallRun(spec => Chats(spec, mode, isolate) with
        {
            Distillation = spec.Distillation with { Alignment = new AlignmentSpec { Weight = 0.3 } },
        });
        await run.PrepareAndTeachAsync();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train", epoch: 0));
        return [.. Metrics(run).Select(step => step.GetProperty("loss").GetDouble())];
    }

    private static IEnumerable<JsonElement> Metrics(SmallRun run) =>
        Encoding.UTF8.GetString(run[ArtifactLayout.Metrics(run.Plan.RunId, StudentVariant.Distilled)])
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement);

    internal static RunSpec Chats(RunSpec spec, TeacherMode mode, bool isolate = false)
    {
        File.WriteAllText(Path.Combine(spec.Teacher.Path, "chat_template.jinja"), PreparedChats.ChatMl);
        var path = Path.Combine(Path.GetDirectoryName(spec.Teacher.Path)!, "chats.jsonl");
        File.WriteAllLines(path, Enumerable.Range(0, 60).Select(i => $$"""
            {"messages": [{"role": "user", "content": "{{(isolate ? "Where?" : $"Where did the cat number {i} sit on that day?")}}"}, {"role": "assistant", "content": "The cat sat on mat {{i % 7}}."}]}
            """));
        return spec with
        {
            Teacher = spec.Teacher with { Mode = mode },
            Dataset = spec.Dataset with { Sources = [path], Format = DatasetFormat.Jsonl, ContextLength = 64, Chat = new ChatSpec(), ShardTokens = 2000, IsolateDocuments = isolate },
            Training = spec.Training with { Epochs = 1 },
            Evaluation = spec.Evaluation with { Tasks = [], DecodeContexts = [8] },
        };
    }
}
