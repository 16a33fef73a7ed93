using System.Text.Json.Nodes;
using Distil.Core.Safetensors;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Safetensors;

public sealed class WeightFolderOutputTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");

    private string[] Names => [.. _folder.EnumerateFiles().Select(file => file.Name).Order(StringComparer.Ordinal)];

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Weights_up_to_the_limit_are_one_file()
    {
        Write(fileBytes: 72, "a", "b", "c");
        Assert.Equal(["model.safetensors"], Names);
    }

    [Fact]
    public void More_weights_are_several_files_with_their_list()
    {
        Write(fileBytes: 71, "a", "b", "c");
        Assert.Equal(["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"], Names);
        var list = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder.FullName, WeightIndex.Name)))!;
        Assert.Equal(72, (int)list["metadata"]!["total_size"]!);
        Assert.Equal("model-00001-of-00002.safetensors", (string)list["weight_map"]!["b"]!);
        using var folder = WeightFolder.Open(_folder.FullName);
        Assert.Empty(folder.Warnings);
        Assert.Equal([1f, 1f], folder.Read("c").flatten().data<float>().ToArray()[..2]);
    }

    [Fact]
    public void A_tensor_above_the_limit_is_a_file_of_its_own()
    {
        Write(fileBytes: 1, "a", "b");
        Assert.Equal(3, Names.Length);
        using var folder = WeightFolder.Open(_folder.FullName);
        Assert.Equal(2, folder.Files.Count);
    }

    [Fact]
    public void Files_of_earlier_weights_are_deleted_so_that_they_are_not_read()
    {
        Write(fileBytes: 1000, "old");
        Write(fileBytes: 24, "a", "b", "c");
        Write(fileBytes: 48, "a", "b", "c");
        Assert.Equal(["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"], Names);
        Write(fileBytes: 1000, "a");
        Assert.Equal(["model.safetensors"], Names);
    }

    [Fact]
    public void Values_are_rounded_to_the_nearest_bfloat16()
    {
        SafetensorsWriter.WriteFolder(_folder.FullName, [new("x", tensor([1.004f, -3.14159265f]))], WeightStorage.Of(bfloat16: true));
        using var folder = WeightFolder.Open(_folder.FullName);
        Assert.Equal("BF16", folder.Stored.ByName["x"].Entry.Dtype.Name);
        Assert.Equal([1.0078125f, -3.140625f], folder.Read("x", ScalarType.Float32).data<float>().ToArray());
    }

    private void Write(long fileBytes, params string[] names) => SafetensorsWriter.WriteFolder(
        _folder.FullName, names.Select(name => KeyValuePair.Create(name, ones(2, 3))), new() { FileBytes = fileBytes });
}
