using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Tests.Hub;

namespace Distil.Core.Tests.Sources;

public sealed class ModelFilesTests : HubFixture
{
    private static readonly (string, LocalHubFile) Config = ("config.json", LocalHubFile.Small("{}"));
    private static readonly (string, LocalHubFile) Weights = ("model.safetensors", new LocalHubFile("weights"u8.ToArray()));

    [Fact]
    public async Task A_student_without_a_tokenizer_is_a_model_too_and_nothing_else_is_fetched()
    {
        var commit = Hub.Add("o/student").Commit(
            "v2", Config, Weights, ("README.md", LocalHubFile.Small("hello")), ("model.onnx", new LocalHubFile("not wanted"u8.ToArray())));
        var model = await FindAsync("hf://o/student@v2");
        Assert.Null(model.Tokenizer);
        Assert.Equal($"hf://models/o/student@{commit}", model.Location.Folder);
        Assert.DoesNotContain(Hub.Requests, request => request.Contains("/resolve/", StringComparison.Ordinal));

        var folder = await model.Location.FetchAsync(Catalog(Client()), withWeights: true, cancel: Cancel);
        Assert.Equal(["config.json", "model.safetensors"], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task A_local_model_is_where_it_is()
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", "{}");
        folder.Write("tokenizer.json", "{}");
        folder.Write("model.safetensors", "weights");
        var model = await FindAsync(folder.Path);
        Assert.Equal((folder.Path, 0), (model.Location.Folder, model.Location.Files.Count));
        Assert.Equal(Path.Combine(folder.Path, "tokenizer.json"), model.Tokenizer!.Path);
        Assert.Equal(folder.Path, await model.Location.FetchAsync(Catalog(Client()), withWeights: true, cancel: Cancel));
    }

    [Fact]
    public async Task What_is_missing_is_named_with_the_option_that_asks_for_it()
    {
        Hub.Add("o/empty").Commit("main", Config);
        Assert.Matches("^--model: hf://models/o/empty@[0-9a-f]{40} has no \\*.safetensors", (await ErrorAsync("hf://o/empty")).Message);
        Hub.Add("o/shards").Commit("main", Config, ("model.safetensors.index.json", LocalHubFile.Small("""{ "weight_map": { "x": "model-1.safetensors" } }""")));
        Assert.Contains("has no model-1.safetensors; expected each file that model.safetensors.index.json names", (await ErrorAsync("hf://o/shards")).Message);
        Hub.Add("o/weights").Commit("main", Weights);
        Assert.Contains("has no config.json; expected a Hugging Face folder", (await ErrorAsync("hf://o/weights")).Message);
        Assert.StartsWith("--model: hf://o is not a path of the Hugging Face hub", (await ErrorAsync("hf://o")).Message);
    }

    private Task<ModelFiles> FindAsync(string path) => ModelFiles.FindAsync(Catalog(Client()), path, FieldPath.Named("--model"), Cancel);

    private Task<InvalidInputException> ErrorAsync(string path) => Assert.ThrowsAsync<InvalidInputException>(() => FindAsync(path));
}
