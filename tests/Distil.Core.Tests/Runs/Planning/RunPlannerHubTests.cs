using System.Text.Json;
using Distil.Core.Errors;
using Distil.Core.Hub;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Specification;
using Distil.Core.Tests.Hub;
using Distil.Core.Tests.Models;

namespace Distil.Core.Tests.Runs.Planning;

/// <summary>Plans for sources in the hub are cheap and pinned, and equal content has equal ids.</summary>
public sealed class RunPlannerHubTests : HubFixture
{
    private const string Config = TinyTeacher.Config;
    private static readonly string Tokenizer = TinyTeacher.Tokenizer;
    private static readonly byte[] One = TinyTeacher.Weights(IsOfFirstLayer), Two = TinyTeacher.Weights(name => !IsOfFirstLayer(name));

    private string _commit = "";

    [Fact]
    public async Task A_plan_fetches_the_models_small_documents_and_nothing_else()
    {
        Publish();
        var plan = await PlanAsync();
        Assert.Equal(20_007, plan.Tokens.Value); // 80,028 bytes divided by 4
        Assert.Equal($"exact: hf://models/o/teacher@{_commit}/config.json", plan.Teacher.From);
        var fetched = Hub.Requests.Where(
            request => request.StartsWith("GET", StringComparison.Ordinal) && request.Contains("/resolve/", StringComparison.Ordinal));
        Assert.Equal(["config.json", "model-1.safetensors", "model-2.safetensors", "model.safetensors.index.json", "tokenizer.json"],
            fetched.Select(request => request.TrimEnd('*').Split('/')[^1].Split(' ')[0]).Order());
        var headers = Hub.Requests.Where(request => request.Contains("storage", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, headers.Count);
        Assert.All(headers, request => Assert.Matches(" bytes=0-[0-9]+$", request)); // the headers alone
    }

    [Fact]
    public async Task Everything_in_a_plan_is_pinned_to_commits()
    {
        Publish();
        var plan = await PlanAsync();
        Assert.Equal($"hf://models/o/teacher@{_commit}", plan.TeacherLocation!.Folder);
        Assert.Equal(
            ["config.json", "model-1.safetensors", "model-2.safetensors", "model.safetensors.index.json", "tokenizer.json"],
            plan.TeacherLocation.Files.Select(file => file.Path[(plan.TeacherLocation.Folder.Length + 1)..]).Order());
        Assert.All(plan.Shards.SelectMany(shard => shard.Ranges), range => Assert.Matches("^hf://datasets/o/text@[0-9a-f]{40}/data/[ab].jsonl$", range.Path));
    }

    [Fact]
    public async Task The_same_content_has_the_same_names_at_another_commit_and_on_this_machine()
    {
        Publish();
        var before = await PlanAsync();
        Publish();
        var after = await PlanAsync();
        Assert.NotEqual(before.TeacherLocation!.Folder, after.TeacherLocation!.Folder);
        Assert.Equal((before.DatasetId, before.TeacherOutputsId), (after.DatasetId, after.TeacherOutputsId));

        using var folder = new TemporaryFolder();
        folder.Write("teacher/config.json", Config);
        folder.Write("teacher/tokenizer.json", Tokenizer);
        await File.WriteAllBytesAsync(Path.Combine(folder.Path, "teacher", "model-1.safetensors"), One, Cancel);
        await File.WriteAllBytesAsync(Path.Combine(folder.Path, "teacher", "model-2.safetensors"), Two, Cancel);
        folder.Write("teacher/model.safetensors.index.json", Index);
        folder.Write("data/a.jsonl", Text('a'));
        folder.Write("data/b.jsonl", Text('b'));
        var local = await PlanAsync(Path.Combine(folder.Path, "teacher"), Path.Combine(folder.Path, "data"));
        Assert.Equal((before.DatasetId, before.TeacherOutputsId), (local.DatasetId, local.TeacherOutputsId));
    }

    [Fact]
    public async Task Other_content_has_other_names()
    {
        Publish();
        var before = await PlanAsync();
        Publish(text: 'c');
        Assert.NotEqual(before.DatasetId, (await PlanAsync()).DatasetId);
        Publish(weights: TinyTeacher.Weights(name => !IsOfFirstLayer(name), fill: 1));
        var after = await PlanAsync();
        Assert.Equal(before.DatasetId, after.DatasetId);
        Assert.NotEqual(before.TeacherOutputsId, after.TeacherOutputsId);
    }

    [Fact]
    public async Task A_cache_gives_the_same_names_with_links_and_without_and_other_names_to_other_content()
    {
        Publish();
        var online = await PlanAsync();
        var client = Client();
        foreach (var file in online.TeacherLocation!.Files.Select(file => file.Path).Concat(online.Shards.SelectMany(shard => shard.Ranges).Select(range => range.Path)))
        {
            await client.FetchAsync(HubPath.Parse(file, HubKind.Dataset, FieldPath.Named("path")), cancel: Cancel);
        }

        Assert.Equal(Names(online), Names(await PlanAsync(offline: true)));
        foreach (var link in Directory.EnumerateFiles(Cache, "*", SearchOption.AllDirectories).Where(file => new FileInfo(file).LinkTarget is not null).ToList())
        {
            var content = await File.ReadAllBytesAsync(link, Cancel);
            File.Delete(link);
            await File.WriteAllBytesAsync(link, content, Cancel); // as on a file system without links, or after cp -L
        }

        Assert.Equal(Names(online), Names(await PlanAsync(offline: true)));
        await File.WriteAllBytesAsync(
            Directory.EnumerateFiles(Cache, "model-2.safetensors", SearchOption.AllDirectories).Single(file => file.Contains("snapshots")),
            TinyTeacher.Weights(name => !IsOfFirstLayer(name), fill: 1), Cancel);
        var tuned = await PlanAsync(offline: true);
        Assert.Equal(online.DatasetId, tuned.DatasetId);
        Assert.NotEqual(online.TeacherOutputsId, tuned.TeacherOutputsId);
        await File.WriteAllTextAsync(
            Directory.EnumerateFiles(Cache, "a.jsonl", SearchOption.AllDirectories).Single(file => file.Contains("snapshots")), Text('A'), Cancel);
        Assert.NotEqual(online.DatasetId, (await PlanAsync(offline: true)).DatasetId);
    }

    [Fact]
    public async Task A_small_text_that_the_hub_keeps_in_git_has_the_name_of_its_copy_here()
    {
        Publish();
        Hub.Add("datasets/o/small").Commit("main", ("data/a.jsonl", LocalHubFile.Small(Text('a'))), ("notes.csv", LocalHubFile.Small("a,b")));
        using var folder = new TemporaryFolder();
        folder.Write("data/a.jsonl", Text('a'));
        var (hub, local) = (await PlanAsync(source: "hf://datasets/o/small"), await PlanAsync(source: Path.Combine(folder.Path, "data")));
        Assert.Equal(hub.DatasetId, local.DatasetId);
        Assert.Equal(1, hub.Text!.OtherFiles);
        Assert.EndsWith("/notes.csv", hub.Text.FirstOther, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_teachers_files_come_into_one_folder_with_weights_only_where_they_are_wanted()
    {
        Publish();
        var plan = await PlanAsync();
        var catalog = Catalog(Client());
        var folder = await plan.TeacherLocation!.FetchAsync(catalog, withWeights: false, cancel: Cancel);
        Assert.Equal(["config.json", "model.safetensors.index.json", "tokenizer.json"], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
        Assert.Equal(folder, await plan.TeacherLocation.FetchAsync(catalog, withWeights: true, cancel: Cancel));
        Assert.Equal(Two, await File.ReadAllBytesAsync(Path.Combine(folder, "model-2.safetensors"), Cancel));
    }

    private static string Index => JsonSerializer.Serialize(
        new { weight_map = TinyTeacher.Shapes.Keys.ToDictionary(name => name, name => IsOfFirstLayer(name) ? "model-1.safetensors" : "model-2.safetensors") });

    private static bool IsOfFirstLayer(string name) => name.StartsWith("model.layers.0.", StringComparison.Ordinal);

    private static string Text(char letter) => $"{{\"text\": \"{new string(letter, 40_000)}\"}}\n";

    private void Publish(char text = 'b', byte[]? weights = null)
    {
        _commit = Hub.Add("o/teacher").Commit(
            "main",
            ("config.json", LocalHubFile.Small(Config)), ("tokenizer.json", LocalHubFile.Small(Tokenizer)),
            ("model.safetensors.index.json", LocalHubFile.Small(Index)),
            ("model-1.safetensors", new LocalHubFile(One)), ("model-2.safetensors", new LocalHubFile(weights ?? Two)),
            ("original/consolidated.safetensors", new LocalHubFile("not wanted"u8.ToArray())),
            ("pytorch_model.bin", new LocalHubFile("not wanted"u8.ToArray())));
        Hub.Add("datasets/o/text").Commit(
            "main",
            ("README.md", LocalHubFile.Small("hello")),
            ("data/a.jsonl", new LocalHubFile(System.Text.Encoding.UTF8.GetBytes(Text('a')))), ("data/b.jsonl", new LocalHubFile(
                System.Text.Encoding.UTF8.GetBytes(Text(text)))));
    }

    private static (string, string) Names(RunPlan plan) => (plan.DatasetId, plan.TeacherOutputsId);

    private Task<RunPlan> PlanAsync(string teacher = "hf://o/teacher", string source = "hf://datasets/o/text/data", bool offline = false)
    {
        var spec = new RunSpec
        {
            Name = "tales",
            Teacher = new TeacherSpec { Path = teacher },
            Dataset = new DatasetSpec { Sources = [source], Format = DatasetFormat.Jsonl, ContextLength = 64, ShardTokens = 8000 },
        };
        return new RunPlanner(TimeProvider.System, Catalog(Client(options => options with { Offline = offline }))).PlanAsync(spec, Cancel);
    }
}
