using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Distil.EndToEnd.Tests;

/// <summary><c>distil serve</c> as its user starts it, with real runs.</summary>
public sealed partial class ServeTests : IDisposable
{
    private readonly DistilCommand distil = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => distil.Dispose();

    [Fact]
    public async Task A_run_is_submitted_watched_and_cancelled_and_says_the_same_over_HTTP_as_on_the_command_line()
    {
        using var serve = await StartAsync();
        using var client = new HttpClient { BaseAddress = serve.Url };
        var run = await SubmitAsync(client, SmallDemo.Write(distil.Workspace.Home, json => json["training"]!["epochs"] = 500));
        await UntilAsync(async () => (await StatusAsync(client, run))["epoch"]?.GetValue<int>() >= 1);
        Assert.NotEmpty((await GetAsync(client, $"/api/runs/{run}/metrics"))["steps"]!.AsArray());
        Assert.NotEmpty((await GetAsync(client, $"/api/runs/{run}/epochs"))["epochs"]!.AsArray());

        using (var cancelled = await client.PostAsync($"/api/runs/{run}/cancel", null, Cancel))
            cancelled.EnsureSuccessStatusCode();

        await UntilAsync(async () => (string?)(await StatusAsync(client, run))["state"] != "running");
        var status = await StatusAsync(client, run);
        Assert.Equal("cancelled", (string?)status["state"]);
        Assert.Contains((await GetAsync(client, $"/api/runs/{run}/artifacts?limit=200"))["artifacts"]!.AsArray(), file => ((string)file!["name"]!).EndsWith("/manifest.json", StringComparison.Ordinal));

        var printed = JsonNode.Parse((await distil.RunAsync("status", run, "--json")).Succeeded().LastLine)!;
        foreach (var (name, value) in status)
            Assert.True(JsonNode.DeepEquals(value, printed[name]), $"{name} is {value} over HTTP, {printed[name]} on the command line");
    }

    [Fact]
    public async Task A_run_goes_on_when_its_server_is_ended_and_started_again()
    {
        string run;
        using (var first = await StartAsync())
        {
            using var client = new HttpClient { BaseAddress = first.Url };
            run = await SubmitAsync(client, SmallDemo.Write(distil.Workspace.Home, json => json["evaluation"]!["baseline"] = false));
            await UntilAsync(async () => (string?)(await StatusAsync(client, run))["stage"] == "train");
            Assert.Equal(0, await first.TerminateAsync());
        }

        using var second = await StartAsync();
        using var again = new HttpClient { BaseAddress = second.Url };
        await UntilAsync(async () => (string?)(await StatusAsync(again, run))["state"] is not ("running" or "queued"));
        Assert.Equal("succeeded", (string?)(await StatusAsync(again, run))["state"]);
        Assert.Contains("<html", await again.GetStringAsync($"/api/runs/{run}/report", Cancel), StringComparison.Ordinal);
    }

    private async Task<Serving> StartAsync()
    {
        var process = distil.Start("serve", "--port", "0");
        var said = await process.StandardOutput.ReadLineAsync(Cancel);
        Assert.True(said is not null, $"serve ended: {(said is null ? await process.StandardError.ReadToEndAsync(Cancel) : "")}");
        return new Serving(process, new Uri(Address().Match(said!).Value));
    }

    private static async Task<string> SubmitAsync(HttpClient client, string specification)
    {
        using var content = new StringContent(await File.ReadAllTextAsync(specification, Cancel), new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        using var response = await client.PostAsync("/api/runs", content, Cancel);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancel));
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("runId").GetString()!;
    }

    private static async Task<JsonObject> StatusAsync(HttpClient client, string run) => (await GetAsync(client, $"/api/runs/{run}"))["status"]!.AsObject();

    private static async Task<JsonNode> GetAsync(HttpClient client, string path) => JsonNode.Parse(await client.GetStringAsync(path, Cancel))!;

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var since = Stopwatch.GetTimestamp(); !await holds(); await Task.Delay(200, Cancel))
            Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromMinutes(5), "it did not come to it within five minutes");
    }

    [GeneratedRegex("http://[0-9.:]+")]
    private static partial Regex Address();

    private sealed class Serving(Process process, Uri url) : IDisposable
    {
        public Uri Url => url;

        /// <summary>Ends it politely; returns its exit code.</summary>
        public async Task<int> TerminateAsync()
        {
            using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
                await kill.WaitForExitAsync(Cancel);

            await process.WaitForExitAsync(Cancel);
            return process.ExitCode;
        }

        public void Dispose()
        {
            if (!process.HasExited)
                TerminateAsync().GetAwaiter().GetResult();

            process.Dispose();
        }
    }
}
