using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Distil.EndToEnd.Tests.LiveView;

/// <summary>Requirements on every page: it is accessible, also on a phone, loads only its own content, and never treats a user's text as markup.</summary>
[Collection<LiveViewCollection>]
public sealed class PageQualityTests(LiveViewServer server)
{
    private static readonly string[] Pages = ["", "#/new", "#/compare", "#/runs/{run}", "#/compare/{run}/{run}", "#/try/{run}"];

    public static MatrixTheoryData<ColorScheme, int> Looks => new([ColorScheme.Light, ColorScheme.Dark], [1280, 390]);

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Each_page_has_no_fault_that_axe_finds_and_fits_the_screen(ColorScheme colours, int width)
    {
        var page = await server.OpenAsync("#/", width, 844, colours);
        var faults = new List<string>();
        foreach (var address in Pages)
        {
            await ShowAsync(page, address);
            faults.AddRange((await page.RunAxe()).Violations.Select(fault => $"{address}: {Describe(fault)}"));
            var (takes, titles) = (await page.EvaluateAsync<int>("document.documentElement.scrollWidth"), await page.Locator("h1").CountAsync());
            faults.AddRange(takes == width && titles == 1 ? [] : [$"{address}: {takes} of {width} pixels wide, {titles} headings h1"]);
        }

        Assert.Empty(faults);
    }

    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task The_report_has_no_fault_that_axe_finds_and_fits_the_screen(ColorScheme colours, int width)
    {
        var page = await server.OpenAsync("#/", width, 844, colours);
        await page.GotoAsync("about:blank"); // the page itself allows no script, not even axe's
        await page.SetContentAsync(
            await server.Http.GetStringAsync($"api/runs/{await server.FinishedRunAsync()}/report", TestContext.Current.CancellationToken));
        Assert.Empty((await page.RunAxe()).Violations.Select(Describe));
        Assert.Equal(width, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
    }

    [Fact]
    public async Task Asks_its_own_server_alone_and_breaks_none_of_its_policy()
    {
        var page = await server.OpenAsync();
        var (hosts, complaints) = (new HashSet<string>(), new List<string>());
        page.Request += (_, request) => hosts.Add(new Uri(request.Url).Authority);
        page.Console += (_, message) => complaints.AddRange(message.Type is "error" or "warning" ? [message.Text] : []);
        page.PageError += (_, error) => complaints.Add(error);
        foreach (var address in Pages)
        {
            await ShowAsync(page, address);
        }

        Assert.Equal([server.Url.Authority], hosts);
        Assert.Empty(complaints);

        var policy = Assert.Single((await server.Http.GetAsync("", TestContext.Current.CancellationToken)).Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_of_a_run_stays_text()
    {
        var page = await OpenAsync("#/runs/{run}", 1280, ColorScheme.Light);
        await Expect(page.Locator(".sample .prompt").First).ToHaveTextAsync(LiveViewServer.Markup);
        await Expect(page.Locator(".sample img")).ToHaveCountAsync(0);
        Assert.DoesNotContain("taken over", await page.TitleAsync(), StringComparison.Ordinal);

        await page.GotoAsync(new Uri(server.Url, "#/runs/<img src=x onerror=alert(1)>").ToString());
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("is not a run");
        await Expect(page.Locator("main img")).ToHaveCountAsync(0);
    }

    private async Task<IPage> OpenAsync(string address, int width, ColorScheme colours)
    {
        var page = await server.OpenAsync("#/", width, 844, colours);
        await ShowAsync(page, address);
        return page;
    }

    /// <summary>Opens a page with everything that it loads.</summary>
    private async Task ShowAsync(IPage page, string address)
    {
        var hash = address.Contains("{run}", StringComparison.Ordinal)
            ? address.Replace("{run}", await server.FinishedRunAsync(), StringComparison.Ordinal)
            : address;
        await page.EvaluateAsync("hash => { location.hash = hash || '#/'; }", hash);
        await page.ReloadAsync(); // else what is waited for here may be there of the page before
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToBeVisibleAsync();
        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        if (hash.Contains("runs/", StringComparison.Ordinal) || hash.Count(letter => letter == '/') == 3)
        {
            await Expect(page.Locator("canvas").First).ToBeVisibleAsync();
        }
    }

    private static string Describe(AxeResultItem fault) => $"{fault.Id}: {fault.Help}: {string.Join(" · ", fault.Nodes.Take(3).Select(node => node.Html))}";
}
