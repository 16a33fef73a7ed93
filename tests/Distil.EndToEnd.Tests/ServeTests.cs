using System.Globalization;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using Distil.Core;
using Distil.Cli.Hosting;
using Distil.Hosting.Processes;

namespace Distil.EndToEnd.Tests;

/// <summary><c>distil serve</c> as its user starts it, with real runs.</summary>
public sealed class ServeTests : IDisposable
{
    private readonly DistilCommand _distil = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _distil.Dispose();

    [Fact]
    public async Task A_run_is_submitted_watched_and_cancelled_and_says_the_same_over_HTTP_as_on_the_command_line()
    {
        using var serve = await ServedDistil.StartAsync(_distil);
        var run = await serve.SubmitAsync(SmallDemo.WriteTiny(_distil.Workspace.Home, json => json["training"]!["epochs"] = 500));
        await ServedDistil.UntilAsync(async () => (await serve.StatusAsync(run))["epoch"]?.GetValue<int>() >= 1);
        Assert.NotEmpty((await serve.GetAsync($"/api/runs/{run}/metrics"))["steps"]!.AsArray());
        Assert.NotEmpty((await serve.GetAsync($"/api/runs/{run}/epochs"))["epochs"]!.AsArray());

        await serve.CancelAsync(run);

        await ServedDistil.UntilAsync(async () => (string?)(await serve.StatusAsync(run))["state"] != "running");
        var status = await serve.StatusAsync(run);
        Assert.Equal("cancelled", (string?)status["state"]);
        Assert.Contains((await serve.GetAsync($"/api/runs/{run}/artifacts?limit=200"))["artifacts"]!.AsArray(), file => ((string)file!["name"]!).EndsWith(
            "/manifest.json", StringComparison.Ordinal));

        var printed = JsonNode.Parse((await _distil.RunAsync("status", run, "--json")).Succeeded().LastLine)!;
        foreach (var (name, value) in status)
        {
            Assert.True(JsonNode.DeepEquals(value, printed[name]), $"{name} is {value} over HTTP, {printed[name]} on the command line");
        }
    }

    [Fact]
    public async Task A_run_goes_on_when_its_server_is_ended_and_started_again()
    {
        string run;
        using (var first = await ServedDistil.StartAsync(_distil))
        {
            run = await first.SubmitAsync(SmallDemo.WriteTiny(_distil.Workspace.Home));
            await ServedDistil.UntilAsync(async () => (string?)(await first.StatusAsync(run))["stage"] == "train");
            Assert.Equal(0, await first.TerminateAsync());
        }

        using var second = await ServedDistil.StartAsync(_distil);
        await ServedDistil.UntilAsync(async () => (string?)(await second.StatusAsync(run))["state"] is not ("running" or "queued" or "interrupted"));
        Assert.Equal("succeeded", (string?)(await second.StatusAsync(run))["state"]);
        Assert.Contains("<html", await second.TextAsync($"/api/runs/{run}/report"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_goes_on_in_a_running_server_when_the_process_that_did_it_is_killed()
    {
        using var serve = await ServedDistil.StartAsync(_distil);
        using var first = _distil.Start("run", SmallDemo.WriteTiny(_distil.Workspace.Home));
        var run = "";
        await ServedDistil.UntilAsync(
            async () => (run = (string?)(await serve.GetAsync("/api/runs"))["runs"]!.AsArray().FirstOrDefault()?["runId"] ?? "").Length > 0);
        await ServedDistil.UntilAsync(async () => (string?)(await serve.StatusAsync(run))["stage"] is not (null or "prepare"));

        first.Kill();
        await first.WaitForExitAsync(Cancel);

        await ServedDistil.UntilAsync(async () => (string?)(await serve.StatusAsync(run))["state"] is not ("running" or "queued" or "interrupted"));
        Assert.Equal("succeeded", (string?)(await serve.StatusAsync(run))["state"]);
        Assert.Equal(0, await serve.TerminateAsync());
        Assert.Contains($"{run}: the process that drove it has died; it goes on here", serve.Errors, StringComparison.Ordinal);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task A_cancelled_run_is_at_its_end_when_its_job_had_to_be_killed()
    {
        var (journal, trainer) = (Path.Combine(_distil.Workspace.Home, "journal"), Path.Combine(_distil.Workspace.Home, "trainer.sh"));
        // It accepts a job and does nothing else: it does not even end if it is asked to.
        await File.WriteAllTextAsync(trainer, """
            #!/bin/sh
            trap 'echo "asked to stop" >> "$JOURNAL"' TERM
            read -r request
            echo "$$" >> "$JOURNAL"
            while :; do sleep 0.1; done
            """, Cancel);
        File.SetUnixFileMode(trainer, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        (_distil.Environment["DISTIL_TRAINER"], _distil.Environment["JOURNAL"]) = (trainer, journal);
        using var serve = await ServedDistil.StartAsync(_distil, "--jobs", "1");
        var spec = SmallDemo.WriteTiny(_distil.Workspace.Home);
        var (run, waiting) = (await serve.SubmitAsync(spec), "");
        await ServedDistil.UntilAsync(() => Task.FromResult(File.Exists(journal)));
        waiting = await serve.SubmitAsync(spec);
        await ServedDistil.UntilAsync(async () => (await serve.StatusAsync(waiting))["jobs"] is JsonArray { Count: > 0 });

        // First the run whose job waits for a free place: no process has to end for it.
        await serve.CancelAsync(waiting);
        await ServedDistil.UntilAsync(async () => (string?)(await serve.StatusAsync(waiting))["state"] == "cancelled");
        var job = int.Parse(Assert.Single(await File.ReadAllLinesAsync(journal, Cancel)), CultureInfo.InvariantCulture);
        Assert.True(ProcessTable.IsAlive(job));

        await serve.CancelAsync(run);
        await ServedDistil.UntilAsync(async () => (string?)(await serve.StatusAsync(run))["state"] == "cancelled");
        Assert.Equal("asked to stop", (await File.ReadAllLinesAsync(journal, Cancel))[1]);
        Assert.False(ProcessTable.IsAlive(job));
    }

    [Fact]
    public void A_cancelled_run_is_at_its_end_within_ten_seconds()
    {
        // The last poll, the job's time to end by itself, and what is left for storage and the system.
        var poll = TimeSpan.FromMilliseconds(EmbeddedRunHost.Polling.MaxMilliseconds) + ProcessJobRunner.PollPatience;
        var left = TimeSpan.FromSeconds(10) - poll - ProcessJobRunner.StopPatience;
        Assert.True(left >= TimeSpan.FromSeconds(3), $"{left}");
    }
}
