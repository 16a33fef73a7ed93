using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Safetensors;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Tests.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Transformers;

/// <summary>Folders from which wrong numbers were read in silence: a trained head beside tied embeddings, two sets of weights, numbers
/// that are not finite.</summary>
public sealed class TransformerFolderTests : IDisposable
{
    private const string Up = "model.layers.1.mlp.up_proj.weight", Embedding = "model.embed_tokens.weight", Head = "lm_head.weight";
    private readonly EditedFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_trained_head_beside_tied_embeddings_is_the_head()
    {
        _folder.Tensors[Head] = _folder.Tensors[Embedding];
        _folder.Write(config => config["tie_word_embeddings"] = true);
        using (var same = TransformerModel.Load(_folder.Path, CPU))
        {
            Assert.True(same.Config.TiedHead);
            Assert.Same(same.EmbeddingWeight, same.HeadWeight);
        }

        var trained = (byte[])_folder.Tensors[Embedding].Data.Clone();
        trained[6] ^= 64;
        _folder.Tensors[Head] = ("F32", _folder.Tensors[Embedding].Shape, trained);
        _folder.Write(config => config["tie_word_embeddings"] = true);
        using var model = TransformerModel.Load(_folder.Path, CPU);
        Assert.False(model.Config.TiedHead);
        Assert.Equal(trained, model.HeadWeight.bytes.ToArray());
        using var inherited = EmbeddingAndHead.Read(_folder.Path);
        Assert.Equal(trained, inherited.Head.bytes.ToArray());
        Assert.NotSame(inherited.Embedding, inherited.Head);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void A_number_that_is_not_finite_is_found_on_load(float value)
    {
        MemoryMarshal.Cast<byte, float>(_folder.Tensors[Up].Data.AsSpan())[67] = value;
        _folder.Write();
        Assert.EndsWith($"model.safetensors: {Up}[1, 3] is {value}; expected finite numbers", LoadError());
    }

    [Fact]
    public void The_single_file_is_read_and_another_set_of_weights_is_a_warning()
    {
        _folder.Write();
        File.Copy(Path.Combine(_folder.Path, "model.safetensors"), Path.Combine(_folder.Path, "model-00001-of-00001.safetensors"));
        File.WriteAllText(
            Path.Combine(_folder.Path, WeightIndex.Name), $$"""{ "weight_map": { "{{Up}}": "model-00001-of-00001.safetensors" } }""");
        using var model = TransformerModel.Load(_folder.Path, CPU);
        Assert.Equal(["model.safetensors"], model.Reading!.Files);
        Assert.Contains("not from model-00001-of-00001.safetensors", Assert.Single(model.Reading.Warnings));
    }

    [Fact]
    public void A_tensor_in_two_files_must_be_the_same_in_both()
    {
        _folder.Write();
        File.Move(Path.Combine(_folder.Path, "model.safetensors"), Path.Combine(_folder.Path, "a.safetensors"));
        WriteIndex(name => name == Up ? "b.safetensors" : "a.safetensors");
        RawSafetensors.Write(Path.Combine(_folder.Path, "b.safetensors"), [(Up, "F32", _folder.Tensors[Up].Shape, _folder.Tensors[Up].Data)]);
        TransformerModel.Load(_folder.Path, CPU).Dispose();
        RawSafetensors.Write(Path.Combine(_folder.Path, "b.safetensors"), [(Up, "F32", _folder.Tensors[Up].Shape, new byte[_folder.Tensors[Up].Data.Length])]);
        Assert.EndsWith($"a.safetensors: {Up} differs from that in {Path.Combine(_folder.Path, "b.safetensors")}; expected it once", LoadError());
    }

    [Fact]
    public void An_adapter_beside_the_model_is_refused()
    {
        _folder.Write();
        File.WriteAllText(Path.Combine(_folder.Path, "adapter_config.json"), "{}");
        Assert.Contains("has adapter_config.json, an adapter, which is not read", LoadError());
    }

    [Fact]
    public void A_Git_LFS_pointer_is_named()
    {
        _folder.Write();
        File.WriteAllText(Path.Combine(_folder.Path, "model.safetensors"), $"version https://git-lfs.github.com/spec/v1\noid sha256:{new string('a', 64)}\nsize 5\n");
        Assert.EndsWith("model.safetensors: is a Git LFS pointer, not the file itself; expected the file (fetch it with `git lfs pull`)", LoadError());
    }

    private string LoadError() => Assert.Throws<InvalidInputException>(() => TransformerModel.Load(_folder.Path, CPU)).Message;

    private void WriteIndex(Func<string, string> file) => File.WriteAllText(
        Path.Combine(_folder.Path, WeightIndex.Name),
        new JsonObject { ["weight_map"] = new JsonObject(_folder.Tensors.Keys.Select(name => KeyValuePair.Create(name, (JsonNode?)file(name)))) }.ToJsonString());
}
