using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Models;

namespace Distil.Core.Tests.Models;

public sealed class TransformerConfigFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");

    public void Dispose() => _folder.Delete(recursive: true);

    private TransformerConfig Read(string golden, Action<JsonObject> change)
    {
        var json = JsonNode.Parse(File.ReadAllText($"Golden/{golden}/config.json"))!.AsObject();
        change(json);
        File.WriteAllText(Path.Combine(_folder.FullName, "config.json"), json.ToJsonString());
        return TransformerConfigFile.Read(_folder.FullName);
    }

    [Fact]
    public void Reads_the_new_spelling_of_rope()
    {
        var config = TransformerConfigFile.Read("Golden/llama-tiny");
        Assert.Equal(500_000, config.RopeTheta);
        Assert.Equal(new Llama3Scaling(8, 1, 4, 64), config.RopeScaling);
    }

    [Theory]
    [InlineData("rope_type")]
    [InlineData("type")]
    public void Reads_the_old_spelling_of_rope(string typeField)
    {
        var config = Read("llama-tiny", json =>
        {
            json.Remove("rope_parameters");
            json["rope_theta"] = 10_001.5;
            json["rope_scaling"] = new JsonObject
            {
                [typeField] = "llama3", ["factor"] = 32.0, ["low_freq_factor"] = 1.0, ["high_freq_factor"] = 4.0, ["original_max_position_embeddings"] = 8192,
            };
        });
        Assert.Equal(10_001.5, config.RopeTheta);
        Assert.Equal(new Llama3Scaling(32, 1, 4, 8192), config.RopeScaling);
    }

    [Fact]
    public void Each_family_has_its_own_biases_and_norms()
    {
        var (qwen2, qwen3) = (TransformerConfigFile.Read("Golden/qwen2-tiny"), TransformerConfigFile.Read("Golden/qwen3-tiny"));
        Assert.True(qwen2 is { QueryKeyValueBias: true, OutputBias: false, QueryKeyNorm: false, TiedHead: true, HeadSize: 16 });
        Assert.True(qwen3 is { QueryKeyValueBias: false, OutputBias: false, QueryKeyNorm: true, TiedHead: false, HeadSize: 32 });
        var llama = Read("llama-tiny", json => (json["attention_bias"], json["mlp_bias"]) = (true, true));
        Assert.True(llama is { QueryKeyValueBias: true, OutputBias: true, FeedForwardBias: true });
    }

    [Theory]
    [InlineData("model_type", "\"mamba\"", "model_type is \"mamba\"; expected one of qwen2, qwen3, llama, mistral")]
    [InlineData("hidden_size", null, "hidden_size is missing; expected a whole number ≥ 1")]
    [InlineData("hidden_size", "\"64\"", "hidden_size is \"64\"; expected a whole number ≥ 1")]
    [InlineData("num_hidden_layers", "0", "num_hidden_layers is 0; expected a whole number from 1 to 10000")]
    [InlineData("num_key_value_heads", "3", "num_key_value_heads is 3; expected a divisor of num_attention_heads 4")]
    [InlineData("head_dim", "7", "head_dim is 7; expected heads of even width")]
    [InlineData("num_attention_heads", "6", "num_attention_heads is 6; expected a divisor of hidden_size 64")]
    [InlineData("tie_word_embeddings", "1", "tie_word_embeddings is 1; expected true or false")]
    [InlineData("rms_norm_eps", "\"small\"", "rms_norm_eps is \"small\"; expected a number > 0")]
    [InlineData("hidden_act", "\"gelu\"", "hidden_act is \"gelu\"; expected silu")]
    [InlineData("rope_parameters", "{\"rope_type\": \"linear\"}", "rope_parameters.factor is missing")]
    [InlineData("rope_parameters", "{\"rope_type\": \"llama3\"}", "rope_parameters.factor is missing")]
    [InlineData("rope_parameters", "7", "rope_parameters is 7; expected an object")]
    public void A_field_that_does_not_fit_is_named_with_its_value(string field, string? value, string expected)
    {
        var error = Assert.Throws<InvalidInputException>(() => Read("qwen2-tiny", json => json[field] = value is null ? null : JsonNode.Parse(value)));
        Assert.Contains($"config.json: {(expected.StartsWith(field) ? "" : field)}", error.Message);
        Assert.Contains(expected, error.Message);
    }

    [Fact]
    public void A_sliding_window_that_no_layer_uses_is_fine()
    {
        var config = Read("qwen2-tiny", json =>
        {
            json.Remove("layer_types");
            json["sliding_window"] = 32;
            json["use_sliding_window"] = true;
        });
        Assert.Equal(3, config.Layers);
    }

    [Fact]
    public void What_is_written_reads_the_same()
    {
        foreach (var golden in (string[])["qwen2-tiny", "qwen3-tiny", "llama-tiny"])
        {
            var config = TransformerConfigFile.Read($"Golden/{golden}");
            TransformerConfigFile.Write(_folder.FullName, config, "float32");
            Assert.Equal(config, TransformerConfigFile.Read(_folder.FullName));
        }
    }

    [Fact]
    public void A_missing_config_is_named()
    {
        Assert.Contains("config.json: cannot be read", Assert.Throws<InvalidInputException>(() => TransformerConfigFile.Read(_folder.FullName)).Message);
    }
}
