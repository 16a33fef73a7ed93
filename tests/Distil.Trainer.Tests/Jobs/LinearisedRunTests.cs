using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Distil.Cli.Serving.OpenAi;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents.Reports;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Inference.Answers;
using Distil.Inference.Sampling;
using Distil.Trainer.Generation;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Linearised;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Jobs;

/// <summary>All jobs of a run whose student is linearised.</summary>
public sealed class LinearisedRunTests
{
    private const string Prompt = "Once upon a time";
    private const int MaxTokens = 12;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ends_with_a_report_of_parts_and_controls_and_a_model_that_loads()
    {
        using var run = Small();
        await run.PrepareAndTeachAsync();
        foreach (var (student, i) in run.Artifacts.Students.Select((student, i) => (student, i)))
        {
            for (var epoch = 0; epoch < 2; epoch++)
            {
                SmallRun.Succeeded(await run.DoAsync(JobKind.Train, $"train-{i}-{epoch}", epoch: epoch, variant: student));
                SmallRun.Succeeded(await run.DoAsync(JobKind.Evaluate, $"evaluate-{i}-{epoch}", epoch: epoch, variant: student));
            }
        }

        SmallRun.Succeeded(await run.DoAsync(JobKind.Export, "export"));
        var report = await run.Store.ReadJsonAsync<RunReport>(ArtifactLayout.ReportData(run.Plan.RunId), Cancel);
        var last = report.Epochs[^1];
        var branches = last.Distilled.Branches!;
        Assert.Equal(2, branches.MemoryShares.Count);
        Assert.NotEqual(branches.WindowAlone, branches.MemoryAlone);
        Assert.InRange(last.Distilled.Student.CrossEntropy, 0, branches.Start.CrossEntropy - 0.01);
        Assert.InRange(last.TeacherOnLoss!.Kl!.Value, 0, last.TeacherOnText!.Kl!.Value); // its own outputs hold it back
        Assert.Equal(2, report.Training.AlignmentLosses!.Count);
        Assert.All(report.Training.AlignmentLosses, layer => Assert.True(layer is { First: > 0, Last: > 0 }));

        var folder = Folder(run);
        using var loaded = LanguageModelLoader.Load(folder, CPU);
        Assert.Equal(8, Assert.IsType<LinearisedModel>(loaded).Shape.Window);
        Assert.Equal(TorchText(loaded, folder), await ServedTextAsync(folder));
        Assert.Contains("its memory alone", Encoding.UTF8.GetString(run[ArtifactLayout.Report(run.Plan.RunId)]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopped_in_either_stage_it_resumes_to_the_same_bytes()
    {
        var expected = await TrainedAsync();
        foreach (var steps in (int[])[2, 7])
        {
            Assert.Equal(expected, await TrainedAsync(steps));
        }
    }

    /// <summary>The checkpoint's weights after the first epoch.</summary>
    /// <param name="stopAfter">Stops the job when it has reported this many steps, and then starts it again.</param>
    private static async Task<byte[]> TrainedAsync(int? stopAfter = null)
    {
        using var run = Small(spec => spec with
        {
            Dataset = spec.Dataset with { MaxTokens = 1800 }, Training = spec.Training with { Epochs = 1, CheckpointEverySteps = 1 },
        });
        await run.PrepareAndTeachAsync();
        if (stopAfter is { } steps)
        {
            using var stop = new CancellationTokenSource();
            run.Changed = blob => StopAt(blob.Contains($"step-{steps:000000}/manifest.json", StringComparison.Ordinal), stop);
            Assert.False((await run.DoAsync(JobKind.Train, "train", stop: stop)).Succeeded);
            run.Changed = null;
        }

        SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train-again"));
        var weights = run.Blobs.Where(blob => blob.EndsWith("weights.safetensors", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Last();
        return run[weights];
    }

    private static void StopAt(bool reached, CancellationTokenSource stop)
    {
        if (reached)
        {
            stop.Cancel();
        }
    }

    private static string TorchText(ILanguageModel model, string folder)
    {
        var tokenizer = HuggingFaceTokenizer.Load(folder);
        var tokens = new Inference.Generation.Generator(new TorchTextModel(model)).Continue(
            tokenizer.Encode(Prompt, cancel: Cancel), SamplingOptions.Greedy, MaxTokens, tokenizer.EndOfText, Cancel);
        return tokenizer.Decode([.. tokens]);
    }

    /// <summary>What the exported folder answers as OpenAI's API, without torch.</summary>
    private static async Task<string?> ServedTextAsync(string folder)
    {
        await using var model = StudentModel.Open(folder, new() { Threads = 1 });
        await using var server = await ModelServer.StartAsync(model, new(), new() { Urls = [new("http://127.0.0.1:0")] }, Cancel);
        using var http = new HttpClient { BaseAddress = server.Urls[0] };
        using var answer = await http.PostAsJsonAsync(
            "v1/completions", new { model = model.Name, prompt = Prompt, max_tokens = MaxTokens, temperature = 0 }, Cancel);
        return (string?)(await answer.Content.ReadFromJsonAsync<JsonObject>(Cancel))!["choices"]![0]!["text"];
    }

    private static string Folder(SmallRun run)
    {
        var folder = Directory.CreateDirectory(Path.Combine(run.Cache, "model")).FullName;
        foreach (var blob in run.Blobs.Where(blob => blob.StartsWith(ArtifactLayout.Model(run.Plan.RunId, StudentVariant.Distilled), StringComparison.Ordinal)))
        {
            File.WriteAllBytes(Path.Combine(folder, Path.GetFileName(blob)), run[blob]);
        }

        return folder;
    }

    private static SmallRun Small(Func<RunSpec, RunSpec>? change = null) => new(spec =>
    {
        var linearised = spec with
        {
            Student = new StudentSpec { Kind = StudentKind.Linearised, Window = 8, Sinks = 1 },
            Distillation = new DistillationSpec
            {
                Alpha = new() { From = 0.9, To = 0.9 }, Temperature = new() { From = 1, To = 1 }, Alignment = new() { Kind = AlignmentKind.None },
            },
            Training = spec.Training with { Stages = new StagesSpec { Alignment = new() { Share = 0.3 } } },
            Evaluation = spec.Evaluation with { Baseline = false, Control = true, Tasks = [], Recall = new RecallSpec { Lengths = [] } },
        };
        return change?.Invoke(linearised) ?? linearised;
    });
}
