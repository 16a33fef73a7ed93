using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Models.Folders;

namespace Distil.Core.Tests.Models.Folders;

/// <summary>Every field of config.json is read, known to be without effect, or refused.</summary>
public sealed class ConfigReadingTests : IDisposable
{
    private const string Llama3 = """
        { "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64 }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("qwen2-tiny")]
    [InlineData("qwen3-tiny")]
    [InlineData("llama-tiny")]
    public void A_config_that_transformers_wrote_has_no_field_that_is_not_known(string golden) =>
        Assert.Null(TransformerConfigFile.ReadWhole(Path.Combine("Golden", golden)).Quantization);

    [Fact]
    public void Fields_that_are_not_known_are_refused_and_named()
    {
        var error = Assert.Throws<InvalidInputException>(() => Read(
            ("mystery", "1"), ("other_mystery", "{ \"a\": 1 }"), ("nothing", "null"),
            ("rope_parameters", """{ "rope_type": "default", "factor": 4.0 }""")));
        Assert.Contains("config.json: mystery, other_mystery, rope_parameters.factor are not read; expected no such field", error.Message);
    }

    [Theory]
    [InlineData("attn_logit_softcapping", "50.0")]
    [InlineData("final_logit_softcapping", "30.0")]
    [InlineData("logits_scaling", "8")]
    [InlineData("residual_multiplier", "0.22")]
    [InlineData("embedding_multiplier", "12")]
    [InlineData("attention_multiplier", "0.0078125")]
    [InlineData("rope_interleaved", "true")]
    [InlineData("use_mrope", "true")]
    [InlineData("partial_rotary_factor", "0.5")]
    [InlineData("num_local_experts", "8")]
    [InlineData("pruned_heads", """{"0":[1]}""")]
    [InlineData("mlp_bias", "true")]
    public void A_field_that_would_change_the_numbers_is_refused(string field, string value)
    {
        var error = Assert.Throws<InvalidInputException>(() => Read((field, value)));
        Assert.Contains($"config.json: {field} is {value}; expected", error.Message);
    }

    [Theory]
    [InlineData("logits_scaling", "1.0")]
    [InlineData("rope_interleaved", "false")]
    [InlineData("attn_logit_softcapping", "null")]
    [InlineData("hidden_act", "\"swish\"")]
    public void A_field_with_the_value_that_changes_nothing_is_accepted(string field, string value) =>
        Assert.Equal(Read(("use_cache", "true")).Config, Read((field, value)).Config);

    [Fact]
    public void The_scaling_of_a_model_card_wins_over_parameters_without_scaling()
    {
        var config = Read(("rope_parameters", """{ "rope_type": "default", "rope_theta": 10000.0 }"""), ("rope_scaling", Llama3)).Config;
        Assert.Equal((10_000, new Llama3Scaling(8, 1, 4, 64)), (config.RopeTheta, config.RopeScaling));
    }

    [Fact]
    public void Rope_by_type_of_layers_is_read_if_every_layer_has_full_attention()
    {
        Assert.Equal(1e6, Read(("rope_parameters", """{ "full_attention": { "rope_type": "default", "rope_theta": 1000000.0 } }""")).Config.RopeTheta);
        Assert.Equal(new Llama3Scaling(8, 1, 4, 64), Read(("rope_scaling", $$"""{ "full_attention": {{Llama3}} }""")).Config.RopeScaling);
    }

    [Theory]
    [InlineData("""{ "type": "mrope" }""", null, "rope_scaling.type is \"mrope\"; expected default, linear, dynamic, llama3, yarn or longrope")]
    [InlineData("""{ "type": "linear" }""", null, "rope_scaling.factor is missing; expected a number > 0")]
    [InlineData(null, """{ "full_attention": { "rope_type": "longrope" } }""", "rope_parameters.full_attention.short_factor is missing; expected 8 numbers")]
    [InlineData(
        null, """{ "rope_type": "longrope", "short_factor": [1.0], "long_factor": [1.0] }""", "rope_parameters.short_factor is [1.0]; expected 8 numbers")]
    [InlineData(null, """{ "sliding_attention": { "rope_type": "default" } }""", "rope_parameters.full_attention is missing")]
    [InlineData("""{ "type": "default" }""", Llama3, "expected the same as rope_parameters, or one of the two")]
    [InlineData("""{ "type": "dynamic", "rope_type": "default" }""", null, "rope_scaling.type is \"dynamic\"; expected default, as rope_type")]
    [InlineData(null, """{ "rope_theta": 5000.0 }""", "rope_parameters.rope_theta is 5000.0; expected 10000, as in another field")]
    [InlineData(null, """{ "rope_type": "default", "partial_rotary_factor": 0.5 }""", "rope_parameters.partial_rotary_factor is 0.5; expected 1")]
    [InlineData(
        """{ "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 4.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64 }""", null,
        "rope_scaling.high_freq_factor is 4.0; expected more than low_freq_factor 4")]
    public void A_rotary_embedding_that_is_not_supported_or_contradicts_itself_is_refused(string? scaling, string? parameters, string expected)
    {
        var fields = new List<(string, string)> { ("rope_theta", "10000.0") };
        fields.AddRange(scaling is null ? [] : [("rope_scaling", scaling)]);
        fields.AddRange(parameters is null ? [] : [("rope_parameters", parameters)]);
        Assert.Contains(expected, Assert.Throws<InvalidInputException>(() => Read([.. fields])).Message);
    }

    [Theory]
    [InlineData("0", new[] { 32, 32 })]
    [InlineData("1", new[] { 0, 32 })]
    [InlineData("2", null)]
    [InlineData("null", null)] // 28, as in transformers
    public void Layers_from_max_window_layers_on_have_a_window(string maxWindowLayers, int[]? windows)
    {
        var read = Read(("use_sliding_window", "true"), ("sliding_window", "32"), ("max_window_layers", maxWindowLayers));
        Assert.Equal(windows, read.Config.Form.Windows);
    }

    [Fact]
    public void Types_of_layers_that_name_a_window_need_one() => Assert.Contains(
        "expected a window, because layer_types names sliding_attention",
        Assert.Throws<InvalidInputException>(() => Read(("layer_types", """["full_attention", "sliding_attention"]"""))).Message);

    [Fact]
    public void A_window_that_the_family_does_not_know_is_refused() => Assert.Contains(
        "config.json: sliding_window is not read", Assert.Throws<InvalidInputException>(() => Read(("model_type", "\"llama\""), ("sliding_window", "4096"))).Message);

    [Fact]
    public void Types_of_layers_must_be_as_many_as_the_layers() => Assert.Contains(
        "expected one for each of num_hidden_layers 2",
        Assert.Throws<InvalidInputException>(() => Read(("layer_types", "[\"full_attention\"]"))).Message);

    [Fact]
    public void A_Git_LFS_pointer_is_named()
    {
        _folder.Write("config.json", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n");
        Assert.Contains("config.json: is a Git LFS pointer", Assert.Throws<InvalidInputException>(() => TransformerConfigFile.Read(_folder.Path)).Message);
    }

    private ConfigReading Read(params (string Field, string Value)[] fields)
    {
        var config = JsonNode.Parse(TinyTeacher.Config)!.AsObject();
        foreach (var (field, value) in fields)
        {
            config[field] = JsonNode.Parse(value);
        }

        _folder.Write("config.json", config.ToJsonString());
        return TransformerConfigFile.ReadWhole(_folder.Path);
    }
}
