using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Tests.Hub;
using Distil.Trainer.Tests.Datasets.Sources;

namespace Distil.EndToEnd.Tests;

/// <summary>A run whose teacher and text are on a hub, from the command's planner to its trainer processes.</summary>
public sealed class HubRunTests
{
    private const string Token = "a-token-of-tests";
    private static readonly string Teacher = Path.Combine(Distil.Cli.Workspaces.Workspace.Find().Repository!, "samples", "stories", "teacher");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_teacher_and_Parquet_files_of_the_hub_are_distilled_and_fetched_once()
    {
        await using var hub = await LocalHub.StartAsync();
        using var distil = await OfHubAsync(hub);
        distil.Environment["HF_TOKEN"] = Token;

        var spec = SmallDemo.Write(distil.Workspace.Home, json =>
        {
            json["teacher"]!["path"] = "hf://stories/teacher";
            json["dataset"]!["sources"] = new JsonArray("hf://datasets/stories/text@v1/data/**/*.parquet");
            json["dataset"]!["format"] = "parquet";
            json["training"]!["epochs"] = 1;
            json["evaluation"]!["baseline"] = false;
            json["evaluation"]!["decodeContexts"] = new JsonArray(16);
            json["evaluation"]!["recall"] = new JsonObject { ["lengths"] = new JsonArray() };
        });
        var planned = await PlanAsync(distil, spec);
        // Of the weights, a plan reads the header.
        Assert.Matches("^GET storage /[0-9a-f]{64} bytes=0-[0-9]+$", Assert.Single(hub.Requests, request => request.Contains("storage", StringComparison.Ordinal)));

        var run = JsonDocument.Parse((await distil.RunAsync("run", spec, "--json")).Succeeded().LastLine).RootElement;

        Assert.True(File.Exists(Path.Combine(run.GetProperty("model").GetString()!, "tokenizer.json")));
        var report = await File.ReadAllTextAsync(run.GetProperty("report").GetString()!, Cancel);
        Assert.Contains("1 empty, 1 without text, 1 not UTF-8 (the first: hf://datasets/stories/text@", report, StringComparison.Ordinal);
        Assert.Contains("Longer than a row", report, StringComparison.Ordinal);
        var whole = hub.Requests
            .Where(request => request.StartsWith("GET storage", StringComparison.Ordinal) && !request.Contains("bytes=", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, whole.Count); // the weights and two files of text, each once though many jobs read them
        Assert.Equal(3, whole.Distinct().Count());
        Assert.Single(hub.Requests, request => request.StartsWith("GET storage", StringComparison.Ordinal) && request.EndsWith('-'));
        Assert.DoesNotContain(hub.Requests, request => request.Contains("storage", StringComparison.Ordinal) && request.EndsWith('*'));

        hub.Requests.Clear();
        distil.Environment["HF_HUB_OFFLINE"] = "1";
        var offline = await PlanAsync(distil, spec);
        Assert.Equal(planned.GetProperty("datasetId").GetString(), offline.GetProperty("datasetId").GetString());
        Assert.Equal(planned.GetProperty("teacherOutputsId").GetString(), offline.GetProperty("teacherOutputsId").GetString());
        Assert.Empty(hub.Requests);
    }

    [Fact]
    public async Task Commands_take_a_model_of_the_hub_and_fetch_it_once()
    {
        await using var hub = await LocalHub.StartAsync();
        using var distil = await OfHubAsync(hub);

        var generated = (await GenerateAsync(distil, "hf://stories/teacher@main")).Succeeded();
        Assert.Contains("fetching model.safetensors", generated.Error, StringComparison.Ordinal);
        Assert.Single(
            hub.Requests, request => request.StartsWith("GET storage", StringComparison.Ordinal) && request.Contains("bytes=", StringComparison.Ordinal));
        Assert.Equal(TextOf((await GenerateAsync(distil, Teacher)).Succeeded()), TextOf(generated));
        (await GenerateAsync(distil, "hf://stories/nothing")).IsBadInput("stories/nothing", "does not exist, or is private");

        hub.Requests.Clear();
        distil.Environment["HF_HUB_OFFLINE"] = "1";
        var text = SmallDemo.Text(distil.Workspace.Home);
        string[] evaluate = ["evaluate", "--model", "hf://stories/teacher", "--teacher", "hf://stories/teacher@main",
            "--data", text, "--max-rows", "1", "--context", "16", "--json"];
        Assert.Equal(0, JsonDocument.Parse((await distil.RunAsync(evaluate)).Succeeded().LastLine).RootElement.GetProperty("kl").GetDouble(), 6);
        var (ids, output) = (
            Path.Combine(Distil.Cli.Workspaces.Workspace.Find().Repository!, "tests", "Distil.Trainer.Tests", "Golden", "qwen2-tiny", "case.safetensors"),
            Path.Combine(distil.Workspace.Home, "out.safetensors"));
        (await distil.RunAsync("forward", "--model", "hf://stories/teacher", "--input", ids, "--output", output)).Succeeded();
        Assert.True(File.Exists(output));
        Assert.Empty(hub.Requests);
    }

    [Theory]
    [InlineData("hf://stories/nothing", "does not exist, or is private")]
    [InlineData("hf://stories/teacher@v7", "stories/teacher has no revision v7")]
    [InlineData("hf://stories", "is not a path of the Hugging Face hub; expected hf://")]
    public async Task A_teacher_that_the_hub_does_not_have_is_bad_input(string path, string message)
    {
        await using var hub = await LocalHub.StartAsync();
        using var distil = new DistilCommand();
        await PublishAsync(hub, distil.Workspace.Home);
        distil.Environment["HF_ENDPOINT"] = hub.Endpoint.ToString();
        distil.Environment["HF_HOME"] = Path.Combine(distil.Workspace.Home, "huggingface");
        (await distil.RunAsync("run", SmallDemo.Write(distil.Workspace.Home, json => json["teacher"]!["path"] = path))).IsBadInput(path[5..], message);
    }

    private static Task<CommandResult> GenerateAsync(DistilCommand distil, string model) =>
        distil.RunAsync("generate", "--model", model, "--prompt", "Mira went", "--tokens", "8", "--temperature", "0", "--json");

    private static string TextOf(CommandResult generated) => JsonDocument.Parse(generated.LastLine).RootElement.GetProperty("text").GetString()!;

    /// <summary>A command to which the hub is the hub. The first large file comes in two parts.</summary>
    private static async Task<DistilCommand> OfHubAsync(LocalHub hub)
    {
        var distil = new DistilCommand();
        await PublishAsync(hub, distil.Workspace.Home);
        distil.Environment["HF_ENDPOINT"] = hub.Endpoint.ToString();
        distil.Environment["HF_HOME"] = Path.Combine(distil.Workspace.Home, "huggingface");
        hub.Cuts.Enqueue(2000);
        return distil;
    }

    private static async Task<JsonElement> PlanAsync(DistilCommand distil, string spec) =>
        JsonDocument.Parse((await distil.RunAsync("run", spec, "--plan-only", "--json")).Succeeded().Output).RootElement;

    private static async Task PublishAsync(LocalHub hub, string folder)
    {
        var teacher = hub.Add("stories/teacher");
        teacher.Commit("main", [.. Directory.GetFiles(Teacher).Select(file => (
            Path.GetFileName(file), new LocalHubFile(File.ReadAllBytes(file), Large: Path.GetExtension(file) == ".safetensors")))]);

        var stories = SmallDemo.Stories().Select(story => (byte[]?)Encoding.UTF8.GetBytes(story)).ToList();
        var (first, second) = (Path.Combine(folder, "0.parquet"), Path.Combine(folder, "1.parquet"));
        await FineWebFile.WriteAsync(first, [null, new byte[] { 0xC3, 0x28 }, " "u8.ToArray(), .. stories[..120]], rowGroup: 20);
        await FineWebFile.WriteAsync(second, [Encoding.UTF8.GetBytes(string.Join(' ', SmallDemo.Stories().Take(5))), .. stories[120..]], rowGroup: 50);
        hub.Add("datasets/stories/text").Commit(
            "v1",
            ("README.md", LocalHubFile.Small("Stories")),
            ("data/a/0.parquet", new LocalHubFile(await File.ReadAllBytesAsync(first, Cancel))),
            ("data/b/1.parquet", new LocalHubFile(await File.ReadAllBytesAsync(second, Cancel))));
    }
}
