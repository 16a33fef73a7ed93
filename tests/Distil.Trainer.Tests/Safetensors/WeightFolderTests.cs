using Distil.Core.Errors;
using Distil.Core.Safetensors;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Safetensors;

public sealed class WeightFolderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");

    public void Dispose() => _folder.Delete(recursive: true);

    private string MessageOfOpening() => Assert.Throws<InvalidInputException>(() => WeightFolder.Open(_folder.FullName)).Message;

    private void Write(string name, string tensor) => SafetensorsWriter.Write(Path.Combine(_folder.FullName, name), [new(tensor, ones(2, 3))]);

    private void WriteIndex(string json) => File.WriteAllText(Path.Combine(_folder.FullName, WeightIndex.Name), json);

    [Fact]
    public void Shards_read_as_one_set_of_weights()
    {
        using var weights = WeightFolder.Open("Golden/llama-tiny");
        Assert.Equal([131, 64], weights.ReadExact("model.embed_tokens.weight", [131, 64], "config.json").shape);
        Assert.Equal([131, 64], weights.Read("lm_head.weight").shape);
    }

    [Fact]
    public void A_wrong_shape_names_file_tensor_and_reason()
    {
        Write("model.safetensors", "up_proj.weight");
        using var weights = WeightFolder.Open(_folder.FullName);
        var error = Assert.Throws<InvalidInputException>(() => weights.ReadExact("up_proj.weight", [2, 4], "config.json (hidden_size 4)"));
        Assert.EndsWith("model.safetensors: up_proj.weight is [2, 3] F32; config.json (hidden_size 4) needs [2, 4]", error.Message);
    }

    [Fact]
    public void A_missing_tensor_is_named()
    {
        Write("model.safetensors", "a");
        using var weights = WeightFolder.Open(_folder.FullName);
        Assert.Contains("no tensor b", Assert.Throws<InvalidInputException>(() => weights.Read("b")).Message);
    }

    [Fact]
    public void A_folder_without_weights_is_refused() => Assert.Contains("has neither model.safetensors nor", MessageOfOpening());

    [Fact]
    public void A_missing_shard_is_named()
    {
        Write("one.safetensors", "a");
        WriteIndex("""{"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}""");
        Assert.Contains("names the shard two.safetensors", MessageOfOpening());
    }

    [Fact]
    public void A_shard_outside_the_folder_is_refused()
    {
        WriteIndex("""{"weight_map":{"a":"../one.safetensors"}}""");
        Assert.Contains("names the shard ../one.safetensors", MessageOfOpening());
    }

    [Fact]
    public void A_tensor_that_its_shard_lacks_is_named()
    {
        Write("one.safetensors", "a");
        WriteIndex("""{"weight_map":{"a":"one.safetensors","b":"one.safetensors"}}""");
        Assert.Contains("puts b in one.safetensors", MessageOfOpening());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"weight_map":[1]}""")]
    public void An_index_that_is_none_is_refused(string json)
    {
        WriteIndex(json);
        Assert.Contains("not a list of weights", MessageOfOpening());
    }
}
