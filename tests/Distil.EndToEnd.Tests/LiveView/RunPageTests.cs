using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Distil.EndToEnd.Tests.LiveView;

/// <summary>A run on its page: to its end, cancelled, failed.</summary>
[Collection<LiveViewCollection>]
public sealed class RunPageTests(LiveViewServer server)
{
    [Fact]
    public async Task A_run_started_from_the_page_is_watched_to_its_end()
    {
        var page = await server.OpenAsync("#/new");
        await page.GetByLabel("Specification (JSON").FillAsync(server.SmallSpec(spec => spec["name"] = "from-the-page"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Start the run" }).ClickAsync();

        await Expect(page).ToHaveURLAsync(new Regex("#/runs/.*from-the-page"));
        await Expect(page.Locator(".badge")).ToContainTextAsync("succeeded");
        await Expect(page.Locator(".stages .done")).ToHaveCountAsync(5);
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToHaveCountAsync(0);

        await Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new Regex("^Loss over training steps. student: from .* at step 0 to ") }))
            .ToBeVisibleAsync();
        foreach (var heading in new[] { "Cross-entropy", "Divergence from the teacher", "Learning rate", "Temperature" })
        {
            await Expect(page.Locator("figcaption strong", new() { HasText = heading })).ToBeVisibleAsync();
        }

        Assert.True(await InkOfFirstChartAsync(page) > 100, "the first chart is blank");
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "Held-out text after each epoch" }).Locator("tbody tr")).ToHaveCountAsync(1);
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "Recall of random tokens by length" }).Locator("tbody tr")).Not.ToHaveCountAsync(0);
        await Expect(page.Locator(".sample")).Not.ToHaveCountAsync(0);

        var report = await page.RunAndWaitForPopupAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Open the report" }).ClickAsync());
        await Expect(report.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync("from-the-page");

        await page.Locator("#log ~ details summary").First.ClickAsync();
        await Expect(page.Locator(".log li", new() { HasText = "train-001" })).Not.ToHaveCountAsync(0);
        var model = page.GetByRole(AriaRole.Link, new() { Name = "Download the model" });
        Assert.True((await server.Http.GetAsync(await model.GetAttributeAsync("href"), TestContext.Current.CancellationToken)).IsSuccessStatusCode);
        await page.Locator("#files ~ details summary").ClickAsync();
        var weights = page.GetByRole(AriaRole.Link, new() { Name = "model/model.safetensors" });
        Assert.True((await server.Http.GetAsync(await weights.GetAttributeAsync("href"), TestContext.Current.CancellationToken)).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Curves_grow_while_a_run_trains_and_cancel_asks_first()
    {
        var page = await server.OpenAsync();
        var runId = await server.SubmitAsync(server.SmallSpec(spec =>
        {
            spec["name"] = "endless";
            spec["training"]!["epochs"] = 500;
            spec["training"]!["checkpointEverySteps"] = 100_000; // so that what is seen was stored between checkpoints
        }));
        await page.RouteAsync($"**/api/runs/{runId}", AnswerWithGpuAsync);
        await page.GetByRole(AriaRole.Link, new() { Name = runId }).ClickAsync();
        await Expect(page.Locator(".stages .now")).ToHaveTextAsync(new Regex("train|evaluate"));
        await Expect(page.Locator(".jobs li").First).ToContainTextAsync("GPU 61 %, 12.3 GB of 151.0 GB (peak 20.5 GB)");
        await page.UnrouteAsync($"**/api/runs/{runId}", AnswerWithGpuAsync);
        var loss = page.GetByRole(AriaRole.Img, new() { NameRegex = new Regex("^Loss over training steps") });
        var before = await loss.GetAttributeAsync("aria-label");
        await Expect(loss).Not.ToHaveAttributeAsync("aria-label", before!);

        var cancel = page.GetByRole(AriaRole.Button, new() { Name = "Cancel", Exact = true });
        await cancel.ClickAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.Locator(".badge")).ToContainTextAsync("running");

        await cancel.ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel the run" }).ClickAsync();
        await Expect(page.Locator(".badge")).ToContainTextAsync("cancelled");
        await Expect(page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^Cancel") })).ToHaveCountAsync(0);

        await page.GetByRole(AriaRole.Button, new() { Name = "Go on with this run" }).ClickAsync();
        await Expect(page.Locator(".badge")).ToContainTextAsync("running");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Earlier ends of this run" })).ToContainTextAsync("cancelled");
        (await server.Http.PostAsync($"/api/runs/{runId}/cancel", null, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        await Expect(page.Locator(".badge")).ToContainTextAsync("cancelled");

        await page.GetByRole(AriaRole.Button, new() { Name = "Delete…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete the run" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Runs" })).ToBeVisibleAsync();
        Assert.Equal(404, (int)(await server.Http.GetAsync($"api/runs/{runId}", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task A_failed_run_shows_its_cause_and_a_server_that_is_gone_is_said()
    {
        var runId = await server.FinishedRunAsync();
        var page = await server.OpenAsync();
        await page.RouteAsync($"**/api/runs/{runId}", route => route.FulfillAsync(new() { Json = new
        {
            status = new
            {
                runId, state = "failed", stage = "teach", stageDone = 1, stageTotal = 3, jobs = Array.Empty<string>(), retries = 2,
                startedAt = DateTimeOffset.UtcNow.AddMinutes(-5), updatedAt = DateTimeOffset.UtcNow,
                lastFailure = new { @class = "outOfMemory", message = "teach-00001: no memory for <64> rows", detail = "at the last line of the log" },
            },
            progress = new { },
        } }));
        await page.GetByRole(AriaRole.Link, new() { Name = runId }).ClickAsync();
        var error = page.GetByRole(AriaRole.Region, new() { Name = "Error" });
        await Expect(error).ToContainTextAsync("Out of memory: teach-00001: no memory for <64> rows");
        await error.Locator("summary").ClickAsync();
        await Expect(error.Locator("pre")).ToHaveTextAsync("at the last line of the log");
        await Expect(page.Locator(".stages .stopped")).ToContainTextAsync("teach");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Go on with this run" })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "What to do next" })).ToContainTextAsync("smaller training.batchSize");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start a copy" }).ClickAsync();
        await Expect(page.GetByLabel("Specification (JSON")).ToHaveValueAsync(new Regex("\"batchSize\": 4"));

        await page.RouteAsync("**/api/**", route => route.AbortAsync());
        await page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = "Runs" }).ClickAsync();
        await Expect(page.Locator("#connection")).ToContainTextAsync("does not answer");
        await page.UnrouteAllAsync();
        await Expect(page.Locator("#connection")).ToBeEmptyAsync();
        await Expect(page.Locator(".runs li").First).ToBeVisibleAsync();
    }

    /// <summary>The server's answer, as if each job computed on a GPU.</summary>
    private static async Task AnswerWithGpuAsync(IRoute route)
    {
        var answer = await route.FetchAsync();
        var run = JsonNode.Parse(await answer.TextAsync())!;
        foreach (var (_, job) in run["progress"]!.AsObject())
        {
            job!["device"] = JsonNode.Parse("""{ "usedBytes": 12300000000, "peakBytes": 20500000000, "totalBytes": 151000000000, "busyShare": 0.61 }""");
        }

        await route.FulfillAsync(new() { Response = answer, Body = run.ToJsonString() });
    }

    /// <summary>Pixels that something was drawn on.</summary>
    private static Task<int> InkOfFirstChartAsync(IPage page) => page.Locator("canvas").First.EvaluateAsync<int>(
        "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.filter((value, index) => index % 4 === 3 && value > 0).length");
}
