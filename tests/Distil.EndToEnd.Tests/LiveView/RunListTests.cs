using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Distil.EndToEnd.Tests.LiveView;

/// <summary>The list of runs, over invented runs: finding, sorting, pages.</summary>
[Collection<LiveViewCollection>]
public sealed class RunListTests(LiveViewServer server)
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Runs_are_found_by_name_and_state_sorted_by_result_and_none_vanishes_when_older_ones_are_shown()
    {
        var runs = Enumerable.Range(0, 75).Select(Run).Reverse().ToList(); // newest first
        var page = await server.OpenAsync("#/new");
        await page.RouteAsync("**/api/runs?*", route => route.FulfillAsync(new() { Json = Answer(runs, new Uri(route.Request.Url)) }));
        await page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = "Runs" }).ClickAsync();
        var rows = page.Locator(".runs li");
        await Expect(rows).ToHaveCountAsync(50);
        await Expect(rows.First.Locator("h2")).ToContainTextAsync("tale-74");

        // A run that starts now pushes one from the first page to the second, which has been read.
        await page.GetByRole(AriaRole.Button, new() { Name = "Older runs" }).ClickAsync();
        await Expect(rows).ToHaveCountAsync(75);
        runs.Insert(0, Run(75));
        await Expect(rows).ToHaveCountAsync(76);

        await page.GetByRole(AriaRole.Combobox, new() { Name = "Sort" }).SelectOptionAsync("best perplexity first");
        await Expect(rows.First).ToContainTextAsync("perplexity 2.00");
        await page.GetByRole(AriaRole.Combobox, new() { Name = "State" }).SelectOptionAsync("failed");
        await Expect(rows).ToHaveCountAsync(26);
        await page.GetByRole(AriaRole.Searchbox, new() { Name = "Find" }).FillAsync("tale-6");
        await Expect(rows).ToHaveCountAsync(5); // 6, 60, 63, 66, 69
        await page.GetByRole(AriaRole.Searchbox, new() { Name = "Find" }).FillAsync("nothing like this");
        await Expect(page.GetByText("No run fits.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task On_a_phone_a_run_takes_the_width_of_the_screen_and_not_a_letter_a_line()
    {
        var page = await server.OpenAsync("#/new", width: 390);
        await page.RouteAsync("**/api/runs?*", route => route.FulfillAsync(new() { Json = Answer([Run(7), Run(6)], new Uri(route.Request.Url)) }));
        await page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = "Runs" }).ClickAsync();
        await Expect(page.Locator(".runs li")).ToHaveCountAsync(2);
        var height = await page.Locator(".runs li").First.EvaluateAsync<double>("row => row.getBoundingClientRect().height");
        Assert.True(height < 300, $"a run is {height} pixels high");
    }

    [Fact]
    public async Task An_address_that_is_not_encoded_well_names_no_run()
    {
        var page = await server.OpenAsync("#/runs/%E0%A4%A");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("is not a run");
    }

    private static object Run(int number) => new
    {
        runId = $"{Start.AddMinutes(number):yyyy-MM-dd-HHmmss}-tale-{number}-{number:x6}", state = number % 3 == 0 ? "failed" : "succeeded", stage = "export", stageDone = 1, stageTotal = 1,
        jobs = Array.Empty<string>(), retries = 0, startedAt = Start.AddMinutes(number), updatedAt = Start.AddMinutes(number + 5),
        perplexity = number % 3 == 0 ? null : new { student = 2.0 + Math.Abs(number - 40), teacher = 1.5 },
    };

    private static object Answer(List<object> runs, Uri url)
    {
        var query = System.Web.HttpUtility.ParseQueryString(url.Query);
        var found = runs.Where(run => Value(run, "runId").Contains(query["name"] ?? "", StringComparison.Ordinal) && Value(run, "state").Contains(query["state"] ?? "", StringComparison.Ordinal))
            .SkipWhile(run => query["continuationToken"] is { } token && string.CompareOrdinal(Value(run, "runId"), token) >= 0).ToList();
        var page = found.Take(50).ToArray();
        return new { runs = page, continuationToken = found.Count > 50 ? Value(page[^1], "runId") : null };
    }

    private static string Value(object run, string name) => (string)run.GetType().GetProperty(name)!.GetValue(run)!;
}
