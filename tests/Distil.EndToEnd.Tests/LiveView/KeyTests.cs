using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Distil.EndToEnd.Tests.LiveView;

/// <summary>The page if the API requires a key, as in Azure Functions: the files of the page itself need none.</summary>
[Collection<LiveViewCollection>]
public sealed class KeyTests(LiveViewServer server)
{
    private const string Key = "a key+/= of the app";

    [Fact]
    public async Task A_key_is_asked_for_kept_for_the_tab_and_sent_with_every_request_and_never_in_an_address()
    {
        var runId = await server.FinishedRunAsync();
        var page = await server.OpenAsync();
        var addresses = new List<string>();
        page.Request += (_, request) => addresses.Add(request.Url);
        await page.RouteAsync("**/api/**", route => route.Request.Headers.GetValueOrDefault("x-functions-key") == Key
            ? route.ContinueAsync()
            : route.FulfillAsync(new() { Status = 401 }));
        await page.ReloadAsync();
        await Expect(Prompt()).ToBeVisibleAsync();
        Assert.Empty((await page.RunAxe()).Violations.Select(fault => $"{fault.Id}: {fault.Help}"));

        await EnterAsync("wrong");
        await EnterAsync(Key);
        await page.GetByRole(AriaRole.Link, new() { Name = runId }).ClickAsync();
        await Expect(Prompt()).ToHaveCountAsync(0);

        await page.ReloadAsync();
        var report = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Open the report" }).ClickAsync());
        Assert.Equal("report.html", report.SuggestedFilename);
        await Expect(Prompt()).ToHaveCountAsync(0);
        Assert.DoesNotContain(addresses, address => address.Contains("key", StringComparison.OrdinalIgnoreCase));

        ILocator Prompt() => page.GetByLabel("Function or host key");

        async Task EnterAsync(string key)
        {
            await Prompt().FillAsync(key);
            await page.GetByRole(AriaRole.Button, new() { Name = "Use it" }).ClickAsync();
        }
    }
}
