using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Distil.EndToEnd.Tests.LiveView;

/// <summary>The comparison of runs.</summary>
[Collection<LiveViewCollection>]
public sealed class ComparePageTests(LiveViewServer server)
{
    [Fact]
    public async Task Two_runs_are_chosen_from_the_list_and_stand_side_by_side_with_what_differs()
    {
        var page = await server.OpenAsync();
        var first = await server.FinishedRunAsync();
        var second = await server.SubmitAsync(server.SmallSpec(spec =>
        {
            spec["name"] = "faster";
            spec["training"]!["learningRate"] = 4e-3;
        }));
        await server.EndAsync(second);
        foreach (var runId in new[] { first, second })
        {
            await page.GetByLabel($"compare {runId}").CheckAsync();
        }

        await page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Link, new() { Name = "Compare" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex($"#/compare/{first}/{second}"));

        var differences = page.GetByRole(AriaRole.Table, new() { Name = "Fields of the specification that differ" });
        await Expect(differences.GetByRole(AriaRole.Row, new() { Name = "training.learningRate" })).ToHaveTextAsync(new Regex(@"0\.002\s*0\.004"));
        await Expect(differences.GetByRole(AriaRole.Row, new() { Name = "training.epochs" })).ToHaveCountAsync(0);
        var numbers = page.GetByRole(AriaRole.Table, new() { Name = "All runs" });
        await Expect(numbers.GetByRole(AriaRole.Row, new() { NameRegex = new Regex("Student’s perplexity") }).Locator("b")).ToHaveCountAsync(1);
        await Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new Regex($"^Loss .*{first}: from .*{second}: from ") })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new Regex("^Perplexity on held-out text over training steps.*teacher: from") })).ToBeVisibleAsync();
        await Expect(page.Locator("#epochs ~ .scroll table")).ToHaveCountAsync(2);

        await page.GetByRole(AriaRole.Combobox, new() { Name = "Over" }).SelectOptionAsync("tokens");
        await page.GetByRole(AriaRole.Combobox, new() { Name = "Smoothing" }).SelectOptionAsync("much");
        await Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new Regex("^Loss over tokens. .*: from .* at [0-9,]+ tokens to ") })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Combobox, new() { Name = "Over" }).SelectOptionAsync("seconds");
        await Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new Regex("^Loss over training time. ") })).ToBeVisibleAsync();
    }
}
