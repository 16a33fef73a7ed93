using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Distil.EndToEnd.Tests.LiveView;

/// <summary>A finished run's student answers on its page.</summary>
[Collection<LiveViewCollection>]
public sealed class TryPageTests(LiveViewServer server)
{
    [Fact]
    public async Task A_finished_student_continues_the_runs_prompt_beside_what_the_teacher_wrote()
    {
        var page = await server.OpenAsync($"#/runs/{await server.FinishedRunAsync()}");
        await page.GetByRole(AriaRole.Link, new() { Name = "Try the student" }).ClickAsync();
        await Expect(page.GetByLabel("Prompt")).ToHaveValueAsync(LiveViewServer.Markup);
        await page.GetByText("Sampling").ClickAsync();
        await page.GetByLabel("Temperature").FillAsync("0");
        await page.GetByLabel("Tokens at most").FillAsync("20");
        await page.GetByRole(AriaRole.Button, new() { Name = "Go" }).ClickAsync();

        await Expect(page.Locator("#made")).ToHaveTextAsync(new Regex(@"^\d+ tokens in \d"));
        var continuation = page.Locator("#continuation");
        await Expect(continuation).ToContainTextAsync(LiveViewServer.Markup);
        Assert.True((await continuation.TextContentAsync())!.Length > LiveViewServer.Markup.Length, "nothing follows the prompt");
        await Expect(page.Locator("#continuation img")).ToHaveCountAsync(0);
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Continuations" })).ToContainTextAsync("The teacher needs torch, which this server does without. This is what it wrote");

        await page.GetByLabel("Answer it as a chat").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Go" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("has no chat template");
    }

    [Fact]
    public async Task A_run_that_does_not_exist_is_said()
    {
        var page = await server.OpenAsync("#/try/nobody");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("nobody");
    }
}
