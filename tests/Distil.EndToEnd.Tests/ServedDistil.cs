using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Distil.EndToEnd.Tests;

/// <summary><c>distil serve</c> as its user starts it, with a client.</summary>
internal sealed partial class ServedDistil : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly HttpClient _client;

    private ServedDistil(Process process, Uri url, string token)
    {
        (_process, _client) = (process, new HttpClient { BaseAddress = url, DefaultRequestHeaders = { Authorization = new("Bearer", token) } });
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _errors.AppendLine(line.Data);
            }
        };
        process.BeginErrorReadLine();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <value>Its error stream so far.</value>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    public static async Task<ServedDistil> StartAsync(DistilCommand distil, params string[] options)
    {
        var process = distil.Start(["serve", "--port", "0", .. options]);
        var said = await process.StandardOutput.ReadLineAsync(Cancel);
        Assert.True(said is not null, $"serve ended: {(said is null ? await process.StandardError.ReadToEndAsync(Cancel) : "")}");
        return new ServedDistil(process, new Uri(Address().Match(said!).Groups[1].Value), Address().Match(said!).Groups[2].Value);
    }

    /// <summary>Submits the specification in a file and returns the run's id.</summary>
    public async Task<string> SubmitAsync(string specification)
    {
        using var content = new StringContent(await File.ReadAllTextAsync(specification, Cancel), new MediaTypeHeaderValue("application/json"));
        using var response = await _client.PostAsync("/api/runs", content, Cancel);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancel));
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("runId").GetString()!;
    }

    public async Task CancelAsync(string run)
    {
        using var cancelled = await _client.PostAsync($"/api/runs/{run}/cancel", null, Cancel);
        cancelled.EnsureSuccessStatusCode();
    }

    public async Task<JsonObject> StatusAsync(string run) => (await GetAsync($"/api/runs/{run}"))["status"]!.AsObject();

    public async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await TextAsync(path))!;

    public Task<string> TextAsync(string path) => _client.GetStringAsync(path, Cancel);

    /// <summary>Waits until a condition is true, and fails if it never is.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var since = Stopwatch.GetTimestamp(); !await holds(); await Task.Delay(200, Cancel))
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < Patience, $"it did not come to it within {Patience}");
        }
    }

    /// <summary>Asks it to end and returns its exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(Cancel);
        }

        await _process.WaitForExitAsync(Cancel);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            TerminateAsync().GetAwaiter().GetResult();
        }

        _process.Dispose();
        _client.Dispose();
    }

    [GeneratedRegex(@"(http://[0-9.:]+)(?:/\?token=(\w+))?")]
    private static partial Regex Address();
}
