using System.Text.Json.Nodes;
using Distil.Core.Models;
using Distil.Trainer.Models.Transformers;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Transformers;

/// <summary>Frequencies and factors of every type of scaling, against transformers 5.17 (which computes in float32).</summary>
public sealed class RotaryTableTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");

    public static TheoryData<string, long> Cases =>
        [.. Tables.Select(table => ((string)table["name"]!, (long?)table["length"] ?? 0))];

    private static IEnumerable<JsonObject> Tables => JsonNode.Parse(File.ReadAllText("Golden/rotary.json"))!.AsArray().Select(table => table!.AsObject());

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Equal_to_transformers(string name, long length)
    {
        var table = Tables.Single(table => (string)table["name"]! == name && ((long?)table["length"] ?? 0) == length);
        var rope = table["rope"]!.DeepClone().AsObject();
        // Of the families here, only Phi rotates a part of a head: the same frequencies are those of a narrower head.
        var size = 32 * ((double?)rope["partial_rotary_factor"] ?? 1);
        rope.Remove("partial_rotary_factor");
        var config = new JsonObject
        {
            ["model_type"] = "llama", ["vocab_size"] = 8, ["hidden_size"] = 64, ["intermediate_size"] = 8, ["num_hidden_layers"] = 1,
            ["num_attention_heads"] = 2, ["head_dim"] = (int)size, ["max_position_embeddings"] = (int)table["max_position_embeddings"]!,
            ["rope_parameters"] = rope,
        };
        File.WriteAllText(Path.Combine(_folder.FullName, "config.json"), config.ToJsonString());
        var rotary = TransformerConfigFile.Read(_folder.FullName).Rotary;

        var frequencies = RotaryFrequencies.Of(rotary, length);

        var expected = table["inv_freq"]!.AsArray().Select(value => (double)value!).ToArray();
        Assert.Equal(expected.Length, frequencies.Length);
        Assert.All(expected.Zip(frequencies), pair => Assert.InRange(pair.Second / pair.First, 1 - 1e-5, 1 + 1e-5));
        Assert.Equal((double)table["attention_scaling"]!, rotary.Scaling!.AttentionFactor, 1e-12);
    }

    [Fact]
    public void Cos_and_sin_have_the_factor_and_the_frequencies_of_the_length()
    {
        using var scope = NewDisposeScope();
        var scaling = new LongRopeScaling(new([1.0, 2]), new([4.0, 8]), OriginalMaxPositions: 10, Attention: 1.5);
        using var rotary = new RotaryEmbedding(new(10_000, 4, scaling), CPU, ScalarType.Float32);

        var (cos, _) = rotary.At(0, 10, ScalarType.Float32);
        var (_, longSin) = rotary.At(0, 11, ScalarType.Float32);

        Assert.Equal(1.5 * Math.Cos(9), cos[9, 0].item<float>(), 1e-5);
        Assert.Equal(1.5 * Math.Sin(10 / 4.0), longSin[10, 0].item<float>(), 1e-5);
    }
}
