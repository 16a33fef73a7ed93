using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Distil.EndToEnd.Tests.LiveView;

/// <summary>Starting a run from the page.</summary>
[Collection<LiveViewCollection>]
public sealed class NewRunPageTests(LiveViewServer server)
{
    private const string Faulty = """
        {
          // a comment, as specifications may have
          "name": "Not A Name",
          "teacher": { "path": "/nowhere" },
          "dataset": { "sources": ["a", 7] },
          "training": {
            "learningRat": 0.001
          }
        }
        """;

    [Fact]
    public async Task Each_fault_is_shown_at_its_line()
    {
        var page = await server.OpenAsync("#/new");
        var text = page.GetByLabel("Specification (JSON");
        await text.FillAsync(Faulty);
        await page.GetByRole(AriaRole.Button, new() { Name = "Start the run" }).ClickAsync();

        var faults = page.GetByRole(AriaRole.Alert);
        await Expect(faults).ToBeFocusedAsync();
        await Expect(faults.Locator("li")).ToHaveCountAsync(3);
        await Expect(faults).ToContainTextAsync("training.learningRat is not a field of training; did you mean learningRate?");
        await Expect(text).ToHaveAttributeAsync("aria-invalid", "true");
        Assert.Equal(["✕ 3", "✕ 5", "✕ 7"], (await page.Locator(".gutter .fault").AllInnerTextsAsync()).Select(line => line.Trim()));

        await faults.GetByRole(AriaRole.Button, new() { Name = "line 5" }).ClickAsync();
        await Expect(text).ToBeFocusedAsync();
        Assert.Equal("7", await SelectionAsync(text));
        await faults.GetByRole(AriaRole.Button, new() { Name = "line 7" }).ClickAsync();
        Assert.Equal("\"learningRat\": 0.001", await SelectionAsync(text));
    }

    [Fact]
    public async Task A_fault_that_no_field_is_to_blame_for_is_told()
    {
        var page = await server.OpenAsync("#/new");
        await page.GetByLabel("Specification (JSON").FillAsync("{ \"name\": \"a\",\n oops }");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start the run" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("line 2 is not JSON");
    }

    [Fact]
    public async Task A_sample_is_chosen_with_its_comments_and_runs_wherever_the_server_was_started()
    {
        var page = await server.OpenAsync("#/new");
        await page.GetByLabel("Begin with").SelectOptionAsync("quickstart");
        var text = page.GetByLabel("Specification (JSON");
        await Expect(text).ToHaveValueAsync(new Regex("// The least that a run needs"));
        var stories = Regex.Escape(Path.Combine(Distil.Cli.Workspaces.Workspace.Find().Repository!, "samples", "stories"));
        await Expect(text).ToHaveValueAsync(new Regex($"\"{Regex.Escape(server.Url.ToString())}api/schema\""));
        await Expect(text).ToHaveValueAsync(new Regex($"\"path\": \"{stories}/teacher\".*\"sources\": \\[\"{stories}/train.txt\"\\]", RegexOptions.Singleline));

        await page.GetByRole(AriaRole.Button, new() { Name = "Start the run" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("quickstart"));
        using var cancelled = await server.Http.PostAsync($"api/runs/{page.Url.Split('/')[^1]}/cancel", content: null, TestContext.Current.CancellationToken);
        Assert.Equal(202, (int)cancelled.StatusCode);
    }

    [Fact]
    public async Task A_field_that_is_set_in_the_form_changes_the_text_and_nothing_else_of_it()
    {
        var page = await server.OpenAsync("#/new");
        var text = page.GetByLabel("Specification (JSON");
        await text.FillAsync("{\n  // kept\n  \"name\": \"mine\",\n  \"training\": { \"epochs\": 2 }\n}\n");
        await page.Locator("summary", new() { HasText = "Fields of training" }).ClickAsync();
        var epochs = page.GetByLabel("training.epochs");
        await Expect(epochs).ToHaveValueAsync("2");
        await epochs.FillAsync("3");
        await epochs.BlurAsync();
        await page.GetByLabel("training.precision").SelectOptionAsync("bf16");
        await Expect(text).ToHaveValueAsync("{\n  // kept\n  \"name\": \"mine\",\n  \"training\": { \"epochs\": 3, \"precision\": \"bf16\" }\n}\n");
        await epochs.FillAsync("");
        await epochs.BlurAsync();
        await page.GetByLabel("dataset.sources, one a line").FillAsync("a.txt\nb.txt");
        await page.GetByLabel("dataset.sources, one a line").BlurAsync();
        await Expect(text).ToHaveValueAsync(
            "{\n  // kept\n  \"name\": \"mine\",\n  \"training\": { \"precision\": \"bf16\" },\n  \"dataset\": {\"sources\":[\"a.txt\",\"b.txt\"]}\n}\n");
    }

    [Fact]
    public async Task A_plan_is_shown_before_anything_starts()
    {
        var page = await server.OpenAsync("#/new");
        await page.GetByLabel("Specification (JSON").FillAsync(server.SmallSpec(spec => spec["name"] = "only-planned"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Show the plan" }).ClickAsync();
        var plan = page.GetByRole(AriaRole.Table, new() { Name = "Numbers of the plan" });
        await Expect(plan.GetByRole(AriaRole.Row, new() { NameRegex = new Regex("^Trainable parameters [0-9,]+ ") })).ToBeVisibleAsync();
        Assert.DoesNotContain("only-planned", await server.Http.GetStringAsync("api/runs", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_fields_are_told_from_the_schema()
    {
        var page = await server.OpenAsync("#/new");
        var training = page.Locator(".fields > div", new() { HasText = "Fields of training" });
        await training.Locator("summary").First.ClickAsync(); // those of its own sections follow
        await Expect(training.Locator("div", new() { HasText = "learningRate" }).First).ToContainTextAsync("AdamW's peak learning rate");
    }

    [Fact]
    public async Task The_keyboard_alone_starts_a_run_and_cancels_it()
    {
        var page = await server.OpenAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Runs" })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Tab");
        await Expect(page.GetByText("Skip to the content")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Main)).ToBeFocusedAsync();

        await TabToAsync(page, page.Locator(".head .button"));
        await page.Keyboard.PressAsync("Enter");
        await TabToAsync(page, page.GetByLabel("Specification (JSON"));
        await page.Keyboard.PressAsync("Control+A");
        await page.Keyboard.InsertTextAsync(server.SmallSpec(spec =>
        {
            spec["name"] = "by-keyboard";
            spec["training"]!["epochs"] = 500;
        }));
        await TabToAsync(page, page.GetByRole(AriaRole.Button, new() { Name = "Start the run" }));
        await page.Keyboard.PressAsync("Enter");

        await Expect(page).ToHaveURLAsync(new Regex("by-keyboard"));
        await TabToAsync(page, page.GetByRole(AriaRole.Button, new() { Name = "Cancel", Exact = true }));
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Let it go on" })).ToBeFocusedAsync();
        await TabToAsync(page, page.GetByRole(AriaRole.Button, new() { Name = "Cancel the run" }));
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".badge")).ToContainTextAsync("cancelled");
    }

    private static Task<string> SelectionAsync(ILocator text) => text.EvaluateAsync<string>("area => area.value.slice(area.selectionStart, area.selectionEnd)");

    private static async Task TabToAsync(IPage page, ILocator target)
    {
        await Expect(target).ToBeVisibleAsync();
        for (var presses = 0; !await target.EvaluateAsync<bool>("element => element === document.activeElement"); presses++)
        {
            Assert.True(presses < 40, $"{target} is not reached by Tab");
            await page.Keyboard.PressAsync("Tab");
        }
    }
}
