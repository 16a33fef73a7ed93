using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Distil.Hosting.Processes;
using Microsoft.Playwright;

namespace Distil.EndToEnd.Tests.LiveView;

/// <summary><c>distil serve</c> over its own storage, and a browser that opens its pages; shared by the tests of the live view.</summary>
public sealed partial class LiveViewServer : IAsyncLifetime
{
    // The machine may be busy: these say when something hangs, not how fast it is.
    private const float Patience = 120_000;
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(60);

    private readonly DistilCommand _distil = new();
    private readonly Lazy<Task<string>> _finished;
    private Process? _serve;
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private string _token = "";

    public LiveViewServer() => _finished = new(async () =>
    {
        var runId = await SubmitAsync(SmallSpec(spec => spec["evaluation"]!["prompts"] = new System.Text.Json.Nodes.JsonArray(Markup)));
        await EndAsync(runId);
        return runId;
    });

    /// <summary>A prompt that would run a script if a page treated it as markup.</summary>
    public const string Markup = "<img src=x onerror=\"document.title='taken over'\"> went to <b>the river</b>";

    public Uri Url { get; private set; } = null!;

    internal HttpClient Http { get; } = new();

    /// <summary>A run that has succeeded; made once.</summary>
    public Task<string> FinishedRunAsync() => _finished.Value;

    public async ValueTask InitializeAsync()
    {
        if (!Chromium.IsThere)
        {
            return;
        }

        _serve = _distil.Start("serve", "--port", "0");
        _ = _serve.StandardError.ReadToEndAsync();
        while (Url is null)
        {
            var line = await _serve.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("serve ended before it listened");
            if (Listening().Match(line) is { Success: true } found)
            {
                Url = new Uri(found.Groups[1].Value);
                _token = found.Groups[2].Value;
            }
        }

        _ = _serve.StandardOutput.ReadToEndAsync();
        Http.BaseAddress = Url;
        Http.DefaultRequestHeaders.Authorization = new("Bearer", _token);
        _playwright = await Playwright.CreateAsync();
        _browser = await Chromium.StartAsync(_playwright);
        Assertions.SetDefaultExpectTimeout(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        Http.Dispose();
        if (_serve is not null)
        {
            await Signals.TerminateAsync(_serve.Id, StopPatience);
            _serve.Dispose();
        }

        _distil.Dispose();
    }

    /// <summary>A page of a fresh browser profile at an address of the live view. The page of the test before is closed: it would go on asking.</summary>
    internal async Task<IPage> OpenAsync(string hash = "", int width = 1280, int height = 900, ColorScheme colours = ColorScheme.Light)
    {
        Assert.SkipUnless(Chromium.IsThere, "there is no /usr/bin/chromium (Debian's package chromium)");
        foreach (var before in _browser!.Contexts.ToArray())
        {
            await before.DisposeAsync();
        }

        var context = await _browser.NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = height },
            ColorScheme = colours,
            AcceptDownloads = false,
        });
        context.SetDefaultTimeout(Patience);
        var page = await context.NewPageAsync();
        await page.GotoAsync(new Uri(Url, $"?token={_token}{hash}").ToString()); // as printed; a cookie takes the token's place
        return page;
    }

    /// <summary>The small demo at its smallest, with every number that a page shows: one epoch, no baseline, a little of each evaluation.</summary>
    internal string SmallSpec(Action<System.Text.Json.Nodes.JsonNode>? change = null) => File.ReadAllText(SmallDemo.Write(_distil.Workspace.Home, spec =>
    {
        (spec["dataset"]!["maxTokens"], spec["dataset"]!["shardTokens"]) = (4000, 2000);
        spec["training"]!["epochs"] = 1;
        spec["evaluation"]!["baseline"] = false;
        change?.Invoke(spec);
    }));

    /// <summary>Starts a run over HTTP.</summary>
    internal async Task<string> SubmitAsync(string spec)
    {
        using var content = new StringContent(spec, System.Text.Encoding.UTF8, "application/json");
        using var answer = await Http.PostAsync("api/runs", content);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("runId").GetString()!;
    }

    /// <summary>Waits for a run's end; it must be a good one.</summary>
    internal async Task EndAsync(string runId)
    {
        for (var state = "queued"; state != "succeeded"; await Task.Delay(500))
        {
            state = JsonDocument.Parse(await Http.GetStringAsync($"api/runs/{runId}")).RootElement.GetProperty("status").GetProperty("state").GetString();
            Assert.True(state is "queued" or "running" or "succeeded", $"{runId} is {state}");
        }
    }

    [GeneratedRegex(@"Listening on (http://\S+)\?token=(\w+)")]
    private static partial Regex Listening();
}

/// <summary>Tests that share one server and one browser.</summary>
[CollectionDefinition]
public sealed class LiveViewCollection : ICollectionFixture<LiveViewServer>;
