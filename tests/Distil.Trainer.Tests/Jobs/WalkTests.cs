using System.Diagnostics;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Runs.Reading;
using Distil.Core.Specification;
using Distil.Trainer.Commands;

namespace Distil.Trainer.Tests.Jobs;

/// <summary><c>samples/chat/walk.sh</c> in small: the script itself with a stand-in for distil, then the jobs on what it wrote, and a chat with the student.</summary>
public sealed class WalkTests : IDisposable
{
    private const int Conversations = 240;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("distil-walk-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task The_walks_conversations_become_a_student_that_answers()
    {
        var (folder, commands) = await WalkAsync();
        Assert.Equal(
            ["doctor", "run --plan-only", "run", "runs", "report latest", "generate --run latest", "chat --run latest < Tell me about Tom and a wooden boat.", "run --plan-only"],
            commands);
        using var run = new SmallRun(_ => InSmall(RunSpecReader.Read(Path.Combine(folder, "mine.json"))));
        Assert.Equal(Conversations, File.ReadLines(Path.Combine(folder, "dialogues.jsonl")).Count());
        await run.PrepareAndTeachAsync();
        for (var epoch = 0; epoch < run.Spec.Training.Epochs; epoch++)
        {
            SmallRun.Succeeded(await run.DoAsync(JobKind.Train, $"train-{epoch}", epoch: epoch));
            SmallRun.Succeeded(await run.DoAsync(JobKind.Evaluate, $"evaluate-{epoch}", epoch: epoch));
        }

        SmallRun.Succeeded(await run.DoAsync(JobKind.Export, "export"));
        var student = Directory.CreateDirectory(Path.Combine(folder, "student")).FullName;
        var prefix = ArtifactLayout.Model(run.Plan.RunId, StudentVariant.Distilled);
        foreach (var blob in run.Blobs.Where(blob => blob.StartsWith(prefix, StringComparison.Ordinal)))
        {
            await File.WriteAllBytesAsync(Path.Combine(student, Path.GetFileName(blob)), run[blob], Cancel);
        }

        using var output = new StringWriter();
        await TerminalChat.TalkAsync(
            student, new() { Threads = 1, Device = ComputeDevice.Cpu }, new() { Temperature = 0, MaxOutputTokens = 24 },
            new StringReader("Tell me about Tom and a wooden boat.\n"), output, prompts: null, Cancel);
        Assert.False(string.IsNullOrWhiteSpace(output.ToString()));
        var (first, last) = (await PerplexityAsync(run, 0), await PerplexityAsync(run, run.Spec.Training.Epochs - 1));
        Assert.True(last < first, $"{last} after the last epoch, {first} after the first"); // of held-out answers
    }

    private static async Task<double> PerplexityAsync(SmallRun run, int epoch) => (await run.Store.ReadJsonAsync<EvaluationResult>(
        run.Artifacts.Evaluation(StudentVariant.Distilled, epoch).Closing, Cancel)).Student.Perplexity;

    /// <summary>Runs the script.</summary>
    /// <returns>Its folder, and the commands of distil without their paths and texts, with their input.</returns>
    private async Task<(string Folder, string[] Commands)> WalkAsync()
    {
        var (folder, log) = (Path.Combine(_root.FullName, "folder"), Path.Combine(_root.FullName, "log"));
        Directory.CreateDirectory(Path.Combine(_root.FullName, "samples", "chat"));
        Directory.CreateSymbolicLink(Path.Combine(_root.FullName, "samples", "stories"), Repository.Sample("stories"));
        var script = await File.ReadAllTextAsync(Repository.Sample("chat", "walk.sh"), Cancel);
        Assert.Contains("i < 600", script, StringComparison.Ordinal);
        await File.WriteAllTextAsync(
            Path.Combine(_root.FullName, "samples", "chat", "walk.sh"), script.Replace("i < 600", $"i < {Conversations}", StringComparison.Ordinal), Cancel);
        await File.WriteAllTextAsync(Path.Combine(_root.FullName, "distil"), $"""
            #!/usr/bin/env bash
            line=$1; shift
            for each in "$@"; do case "$each" in */mine.json|--prompt|User:*) ;; *) line+=" $each" ;; esac; done
            input=$(cat); [ -z "$input" ] || line+=" < $input"
            echo "$line" >> '{log}'
            echo "takes about a minute"
            """, Cancel);
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", $"chmod +x '{_root.FullName}/distil' && bash '{_root.FullName}/samples/chat/walk.sh' '{folder}'"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        })!;
        bash.StandardInput.Close();
        var (output, error) = (bash.StandardOutput.ReadToEndAsync(Cancel), bash.StandardError.ReadToEndAsync(Cancel));
        await bash.WaitForExitAsync(Cancel);
        Assert.True(bash.ExitCode == 0, await error + await output);
        return (folder, await File.ReadAllLinesAsync(log, Cancel));
    }

    /// <summary>One shard, and hardly any evaluation.</summary>
    private static RunSpec InSmall(RunSpec spec) => spec with
    {
        Evaluation = new() { MaxRows = 4, SampleTokens = 0, DecodeContexts = [8], Recall = new RecallSpec { Lengths = [] } },
        Compute = new() { Device = ComputeDevice.Cpu },
    };
}
