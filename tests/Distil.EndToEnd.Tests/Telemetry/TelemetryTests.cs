using System.Text.Json.Nodes;
using Distil.Cli.Azurite;
using Distil.Hosting.Processes;

namespace Distil.EndToEnd.Tests.Telemetry;

/// <summary>What leaves the processes of a run: one trace, its metrics, and nothing that is the user's.</summary>
public sealed class TelemetryTests
{
    private const string Word = "quokkazanzibar", Token = "hf_canary0123456789";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_is_one_trace_across_its_processes_and_no_log_holds_a_secret_or_the_users_text()
    {
        using var distil = new DistilCommand();
        await using var collector = new OtlpCollector();
        var log = SpyOnTrainers(distil, collector);
        var spec = SmallDemo.Write(distil.Workspace.Home, json =>
        {
            json["training"]!["epochs"] = 1;
            json["evaluation"]!["baseline"] = false;
            json["evaluation"]!["recall"] = new JsonObject { ["lengths"] = new JsonArray() };
            json["dataset"]!["sources"] = new JsonArray(SmallDemo.Text(distil.Workspace.Home, documents: 60), TextWithWord(distil.Workspace.Home));
        });

        await using var storage = await distil.KeepStorageAsync();
        var run = (await distil.RunAsync("run", spec)).Succeeded();

        var spans = collector.Spans;
        Assert.Single(spans.Select(span => span.Trace).Distinct());
        var root = Assert.Single(spans, span => span.Name == "run");
        Assert.All(spans, span => Assert.True(span == root || spans.Any(parent => parent.Id == span.Parent), $"{span.Name} has no parent here"));
        foreach (var job in new[] { "prepare", "teach", "train", "evaluate", "export" })
        {
            Assert.Contains(spans, span => span.Name == job && spans.Single(parent => parent.Id == span.Parent).Name == $"start {job}");
        }
        Assert.Contains(spans, span => span.Name == "checkpoint" && spans.Single(parent => parent.Id == span.Parent).Name == "train");
        foreach (var metric in new[] { "distil.job.duration", "distil.job.queue_wait", "distil.job.token_rate", "distil.training.loss" })
        {
            Assert.Contains(metric, collector.Text, StringComparison.Ordinal);
        }

        var said = await File.ReadAllTextAsync(log, Cancel);
        Assert.Contains("done http", said, StringComparison.Ordinal);
        HoldsNothingOfTheUsers(storage, run.Output, run.Error, said, collector.Text);
    }

    [Fact]
    public async Task A_job_that_fails_on_the_users_text_does_not_quote_it()
    {
        using var distil = new DistilCommand();
        await using var collector = new OtlpCollector();
        var log = SpyOnTrainers(distil, collector);
        var lines = Path.Combine(distil.Workspace.Home, "broken.jsonl");
        await File.WriteAllLinesAsync(lines, [$$"""{"text": "{{Word}} one"}""", $$"""{"text": "{{Word}} two" {{Word}}"""], Cancel);
        var spec = SmallDemo.Write(distil.Workspace.Home, json =>
        {
            json["dataset"]!["format"] = "jsonl";
            json["dataset"]!["sources"] = new JsonArray(lines);
        });

        await using var storage = await distil.KeepStorageAsync();
        var run = await distil.RunAsync("run", spec);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("broken.jsonl", run.Error, StringComparison.Ordinal);
        HoldsNothingOfTheUsers(storage, run.Output, run.Error, File.Exists(log) ? await File.ReadAllTextAsync(log, Cancel) : "", collector.Text);
    }

    private static void HoldsNothingOfTheUsers(LocalStorage storage, params string[] logs)
    {
        var key = storage.ConnectionString.Split("AccountKey=")[1].Split(';')[0];
        foreach (var secret in new[] { Word, Token, key[..40] })
        {
            Assert.All(logs, log => Assert.DoesNotContain(secret, log, StringComparison.OrdinalIgnoreCase));
        }
    }

    // A trainer whose output and error stream are logged; it and the command get the collector, and a secret.
    private static string SpyOnTrainers(DistilCommand distil, OtlpCollector collector)
    {
        var (script, log) = (Path.Combine(distil.Workspace.Home, "trainer.sh"), Path.Combine(distil.Workspace.Home, "trainer.log"));
        File.WriteAllText(script, $"#!/bin/bash\nexec dotnet '{new TrainerProgram(named: null).Locate()}' \"$@\" 2>>'{log}' > >(tee -a '{log}')\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        foreach (var (name, value) in collector.Environment)
        {
            distil.Environment[name] = value;
        }

        distil.Environment["DISTIL_TRAINER"] = script;
        distil.Environment["DISTIL_TRACE"] = "1";
        distil.Environment["HF_TOKEN"] = Token;
        return log;
    }

    private static string TextWithWord(string folder)
    {
        var path = Path.Combine(folder, "private.txt");
        File.WriteAllLines(path, Enumerable.Range(0, 40).Select(i => $"{Word} number {i} is nobody else's business."));
        return path;
    }
}
