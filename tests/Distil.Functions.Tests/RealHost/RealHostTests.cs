using System.Net;
using System.Text.Json;
using Distil.EndToEnd.Tests;
using Distil.EndToEnd.Tests.Telemetry;

namespace Distil.Functions.Tests.RealHost;

/// <summary>The whole pipeline as in Azure, except for the machines: the Functions host, Durable over (emulated) storage, real trainers.</summary>
public sealed class RealHostTests
{
    private const string Word = "quokkazanzibar";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_outlives_the_host_and_gives_the_model_that_the_embedded_engine_gives()
    {
        Assert.SkipUnless(FunctionsHostProgram.IsHere, FunctionsHostProgram.Missing);
        using var distil = new DistilCommand();
        var spec = await File.ReadAllTextAsync(SmallDemo.Write(distil.Workspace.Home, json =>
        {
            json["dataset"]!["sources"]!.AsArray().Add(TextWithWord(distil.Workspace.Home));
            json["training"]!["checkpointEverySteps"] = 2;
        }), Cancel);
        var folder = Directory.CreateDirectory(Path.Combine(distil.Workspace.Home, "functions")).FullName;
        await using var storage = await StorageEmulator.StartAsync(folder, Cancel);
        await using var collector = new OtlpCollector();
        await using var app = new FunctionsApp(folder, storage, collector);
        await app.StartAsync(Cancel);
        await RefusesWhatItMustAsync(app);

        var location = await SubmitAsync(app, spec);
        await UntilAsync(app, $"{location}/artifacts?limit=200", "a checkpoint", artifacts => artifacts.ToString().Contains(
            "checkpoints/epoch-001/", StringComparison.Ordinal));
        await app.KillAsync();
        await app.StartAsync(Cancel);

        var ended = await UntilAsync(app, location, "an end", run => StateOf(run) != "running");
        Assert.True(StateOf(ended) == "succeeded", $"{ended}\n{app.Log}");
        Assert.Equal(await EmbeddedWeightsAsync(distil, spec), await WeightsAsync(app, location));
        Assert.Equal(HttpStatusCode.OK, (await app.GetAsync($"{location}/report", Cancel)).StatusCode);
        IsOneTrace(collector);
        foreach (var secret in new[] { Word, FunctionsApp.ApiKey, FunctionsApp.MasterKey, StorageEmulator.Key[..40] })
        {
            Assert.All([app.Log, collector.Text], text => Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public async Task An_operator_suspends_resumes_and_terminates_a_run()
    {
        Assert.SkipUnless(FunctionsHostProgram.IsHere, FunctionsHostProgram.Missing);
        using var distil = new DistilCommand();
        var folder = Directory.CreateDirectory(Path.Combine(distil.Workspace.Home, "functions")).FullName;
        await using var storage = await StorageEmulator.StartAsync(folder, Cancel);
        await using var collector = new OtlpCollector();
        await using var app = new FunctionsApp(folder, storage, collector);
        await app.StartAsync(Cancel);
        var location = await SubmitAsync(app, await File.ReadAllTextAsync(SmallDemo.Write(distil.Workspace.Home), Cancel));
        await UntilAsync(app, location, "a job", run => run.GetProperty("status").TryGetProperty("jobs", out var jobs) && jobs.GetArrayLength() > 0);

        foreach (var operation in new[] { "suspend", "resume", "terminate" })
        {
            await OperateAsync(app, $"{location}/{operation}", HttpStatusCode.Accepted);
        }

        Assert.Equal("cancelled", StateOf(await app.ReadAsync(location, Cancel)));
        await OperateAsync(app, $"{location}/terminate", HttpStatusCode.Conflict);
    }

    private static async Task OperateAsync(FunctionsApp app, string path, HttpStatusCode expected)
    {
        using var answer = await app.PostAsync(path, "", Cancel, FunctionsApp.MasterKey);
        Assert.True(answer.StatusCode == expected, $"{path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync(Cancel)}\n{app.Log}");
    }

    private static async Task RefusesWhatItMustAsync(FunctionsApp app)
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await app.PostAsync("/api/runs", """{"name": 1}""", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await app.GetAsync("/api/runs/2026-01-01-nothing-000000", Cancel)).StatusCode);
        Assert.Equal(
            HttpStatusCode.NotFound, (await app.PostAsync("/api/runs/2026-01-01-nothing-000000/suspend", "", Cancel, FunctionsApp.MasterKey)).StatusCode);

        // The live view's files need no key, but its requests do.
        Assert.Contains("main.js", await (await app.GetAsync("/", Cancel, key: null)).Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        foreach (var key in new[] { null, "wrong" })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await app.GetAsync("/api/runs", Cancel, key)).StatusCode);
        }

        Assert.Equal(HttpStatusCode.OK, (await app.GetAsync("/api/runs", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.PostAsync("/api/runs/2026-01-01-nothing-000000/terminate", "", Cancel)).StatusCode);
    }

    private static async Task<string> SubmitAsync(FunctionsApp app, string spec)
    {
        using var answer = await app.PostAsync("/api/runs", spec, Cancel);
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync(Cancel));
        return answer.Headers.Location!.ToString();
    }

    private static async Task<JsonElement> UntilAsync(FunctionsApp app, string path, string what, Func<JsonElement, bool> condition)
    {
        for (var deadline = DateTime.UtcNow.AddMinutes(15); DateTime.UtcNow < deadline; await Task.Delay(200, Cancel))
        {
            if (await app.ReadAsync(path, Cancel) is var found && condition(found))
            {
                return found;
            }
        }

        throw new TimeoutException($"no {what} at {path}\n{app.Log}");
    }

    private static string? StateOf(JsonElement run) => run.GetProperty("status").GetProperty("state").GetString();

    private static async Task<byte[]> WeightsAsync(FunctionsApp app, string location)
    {
        using var answer = await app.GetAsync($"{location}/artifacts/model/model.safetensors", Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsByteArrayAsync(Cancel);
    }

    private static async Task<byte[]> EmbeddedWeightsAsync(DistilCommand distil, string spec)
    {
        var path = Path.Combine(distil.Workspace.Home, "same.json");
        await File.WriteAllTextAsync(path, spec, Cancel);
        var run = JsonDocument.Parse((await distil.RunAsync("run", path, "--json")).Succeeded().LastLine).RootElement;
        return await File.ReadAllBytesAsync(Path.Combine(run.GetProperty("model").GetString()!, "model.safetensors"), Cancel);
    }

    private static void IsOneTrace(OtlpCollector collector)
    {
        var root = Assert.Single(collector.Spans, span => span.Name == "run");
        foreach (var job in new[] { "prepare", "teach", "train", "evaluate", "export" })
        {
            Assert.All(collector.Spans.Where(span => span.Name == job || span.Name == $"start {job}"), span => Assert.Equal(root.Trace, span.Trace));
        }

        Assert.Contains(collector.Spans, span => span.Name == "export");
    }

    private static string TextWithWord(string folder)
    {
        var path = Path.Combine(folder, "private.txt");
        File.WriteAllLines(path, Enumerable.Range(0, 40).Select(i => $"{Word} number {i} is nobody else's business."));
        return path;
    }
}
