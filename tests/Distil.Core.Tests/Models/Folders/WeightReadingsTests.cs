using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Safetensors;

namespace Distil.Core.Tests.Models.Folders;

/// <summary>Every tensor of a folder is read, known to be without effect, an error or a warning that names it; from the headers alone.</summary>
public sealed class WeightReadingsTests : IDisposable
{
    private const string Up = "model.layers.1.mlp.up_proj.weight";
    private readonly TemporaryFolder _folder = new();
    private readonly List<(string Name, string Dtype, long[] Shape)> _tensors =
        [.. TinyTeacher.Shapes.Select(shape => (shape.Key, "BF16", shape.Value))];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_complete_folder_is_read_without_a_warning()
    {
        var reading = Read().Summary;
        Assert.Equal(["model.safetensors"], reading.Files);
        Assert.Equal(new Dictionary<string, int> { ["BF16"] = TinyTeacher.Shapes.Count }, reading.Tensors);
        Assert.Null(reading.Quantization);
        Assert.Empty(reading.Warnings);
    }

    [Theory]
    [InlineData("model.layers.0.self_attn.o_proj.bias")]       // a bias that the config does not ask for
    [InlineData("model.layers.0.mlp.up_proj.bias")]
    [InlineData("model.layers.2.input_layernorm.weight")]      // a layer that the config does not ask for
    [InlineData("model.layers.0.mlp.up_proj.weight_scale")]    // a scale without quantisation
    [InlineData("model.layers.0.self_attn.q_norm.weight")]
    [InlineData("model.norm.bias")]
    [InlineData("lm_head.bias")]
    public void A_weight_that_the_config_has_no_place_for_is_an_error_that_names_it(string name)
    {
        Add(name, "BF16", 64);
        Assert.Contains($"model.safetensors: contains {name}, for which config.json (model_type qwen2, num_hidden_layers 2", Error());
    }

    [Theory]
    [InlineData("model.layers.0.self_attn.rotary_emb.inv_freq", 0)] // computed from the config
    [InlineData("model.rotary_emb.inv_freq", 0)]
    [InlineData("score.weight", 1)]
    [InlineData("mtp.layers.0.mlp.up_proj.weight", 1)]
    public void A_tensor_outside_the_language_model_is_a_warning_and_a_computed_one_none(string name, int warnings)
    {
        Add(name, "F32", 8);
        var reading = Read().Summary;
        Assert.Equal(warnings, reading.Warnings.Count);
        Assert.All(reading.Warnings, warning => Assert.Contains(name, warning));
    }

    [Fact]
    public void A_missing_weight_is_named_with_what_is_in_its_place()
    {
        Rename(Up, "model.layers.1.mlp.up_proj.qweight");
        Assert.EndsWith($": the weights have no tensor {Up}, but have model.layers.1.mlp.up_proj.qweight", Error());
    }

    [Theory]
    [InlineData("I8")]
    [InlineData("U8")]
    [InlineData("F8_E4M3")]
    [InlineData("I32")]
    public void Weights_that_are_not_plain_numbers_need_a_config_that_says_how_to_scale_them(string dtype)
    {
        SetType(Up, dtype);
        Assert.Contains($"model.safetensors: {Up} is [32, 64] {dtype}; expected floating-point numbers", Error());
    }

    [Theory]
    [InlineData("I8", "_scale", """{ "quant_method": "compressed-tensors", "format": "int-quantized" }""", 32, 1, 1, 64)]
    [InlineData("I8", "_scale", """{ "quant_method": "compressed-tensors", "format": "int-quantized" }""", 1, 1, 32, 64)]
    [InlineData("F8_E4M3", "_scale", """{ "quant_method": "compressed-tensors", "format": "float-quantized" }""", 32, 1, 1, 64)]
    [InlineData("F8_E4M3", "_scale_inv", """{ "quant_method": "fp8", "weight_block_size": [20, 40] }""", 2, 2, 20, 40)]
    [InlineData("F8_E5M2", "_scale_inv", """{ "quant_method": "fp8", "weight_block_size": null }""", 1, 1, 32, 64)]
    [InlineData("I8", "_scale",
        """{ "quant_method": "compressed-tensors", "config_groups": { "group_0": { "weights": { "strategy": "group", "group_size": 16 } } } }""", 32, 4, 1, 16)]
    [InlineData("F8_E4M3", "_scale",
        """{ "quant_method": "compressed-tensors", "config_groups": { "group_0": { "weights": { "strategy": "block", "block_structure": [16, 16] } } } }""",
        2, 4, 16, 16)]
    public void Scales_are_found_with_the_block_that_shares_one(string dtype, string suffix, string quantization, int down, int across, int rows, int columns)
    {
        SetType(Up, dtype);
        Add(Up + suffix, "F32", down, across);
        var readings = Read(config => config["quantization_config"] = JsonNode.Parse(quantization));
        Assert.Equal((rows, columns), (readings.ByName[Up].Scaling!.Rows, readings.ByName[Up].Scaling!.Columns));
        Assert.Null(readings.ByName["model.norm.weight"].Scaling);
        Assert.NotNull(readings.Summary.Quantization);
        Assert.Empty(readings.Summary.Warnings);
    }

    [Theory]
    [InlineData("""{ "quant_method": "bitsandbytes", "load_in_8bit": true }""", "quantization_config.quant_method is \"bitsandbytes\"")]
    [InlineData("""{ "load_in_4bit": true }""", "quantization_config.quant_method is missing")]
    [InlineData("""{ "quant_method": "gptq", "bits": 4 }""", "quantization_config.quant_method is \"gptq\"")]
    [InlineData("""{ "quant_method": "awq" }""", "quantization_config.quant_method is \"awq\"")]
    [InlineData("""{ "quant_method": "compressed-tensors", "format": "pack-quantized" }""", "quantization_config.format is \"pack-quantized\"")]
    [InlineData("""{ "quant_method": "compressed-tensors", "sparsity_config": { "format": "sparse-24-bitmask" } }""", "sparsity_config.format")]
    [InlineData("""{ "quant_method": "compressed-tensors", "transform_config": { "config_groups": {} } }""", "transform_config")]
    public void A_quantisation_that_is_not_read_is_refused_by_name(string quantization, string expected) =>
        Assert.Contains(expected, Error(config => config["quantization_config"] = JsonNode.Parse(quantization)));

    [Fact]
    public void A_scale_that_is_missing_or_does_not_fit_is_named()
    {
        SetType(Up, "I8");
        Action<JsonObject> config = json => json["quantization_config"] = JsonNode.Parse("""{ "quant_method": "compressed-tensors" }""");
        Assert.Contains($"{Up} is [32, 64] I8 and has no scale; expected {Up}_scale", Error(config));
        Add(Up + "_scale", "F32", 3, 1);
        Assert.Contains($"{Up}_scale is [3, 1] F32 for [32, 64] I8; expected one scale, or one for each row", Error(config));
    }

    [Fact]
    public void Scales_of_activations_are_a_warning()
    {
        Add("model.layers.0.mlp.up_proj.input_scale", "F32", 1);
        Add("model.layers.1.mlp.up_proj.input_scale", "F32", 1);
        var warning = Assert.Single(Read(json => json["quantization_config"] = JsonNode.Parse("""{ "quant_method": "fp8" }""")).Summary.Warnings);
        Assert.Contains("contains model.layers.0.mlp.up_proj.input_scale, model.layers.1.mlp.up_proj.input_scale: activations are not quantised here", warning);
    }

    [Fact]
    public void Weights_saved_from_the_base_model_have_no_prefix_and_need_a_tied_head()
    {
        foreach (var name in _tensors.Select(tensor => tensor.Name).Where(name => name.StartsWith("model.")).ToList())
        {
            Rename(name, name["model.".Length..]);
        }

        _tensors.RemoveAll(tensor => tensor.Name == "lm_head.weight");
        Assert.Equal("layers.1.mlp.up_proj.weight", Read(json => json["tie_word_embeddings"] = true).ByName[Up].Values.Name);
        Assert.Contains("no tensor lm_head.weight", Error());
    }

    [Fact]
    public void A_head_beside_tied_embeddings_is_kept_to_be_compared()
    {
        Assert.NotNull(Read(json => json["tie_word_embeddings"] = true).HeadBesideTie);
        Assert.Null(Read().HeadBesideTie);
    }

    [Fact]
    public void A_tensor_in_two_files_is_read_from_the_one_that_the_index_names()
    {
        var index = TinyTeacher.Shapes.Keys.ToDictionary(name => name, name => name == Up ? "b.safetensors" : "a.safetensors");
        var (a, b) = (Header("a.safetensors", TinyTeacher.Weights()), Header("b.safetensors", TinyTeacher.Weights(name => name == Up)));
        foreach (var files in new[] { new[] { a, b }, [b, a] })
        {
            var stored = StoredTensors.Of("folder", files, new WeightIndex("index", index));
            Assert.Equal("b.safetensors", stored.ByName[Up].Path);
            Assert.Equal("a.safetensors", Assert.Single(stored.Twice).Other.Path);
        }

        var other = Header("b.safetensors", TinyTeacher.Safetensors([(Up, "F32", [32, 64])]));
        Assert.Contains(
            $"{Up} is [32, 64] F32, and [32, 64] BF16 in a.safetensors; expected it once",
            Assert.Throws<InvalidInputException>(() => StoredTensors.Of("folder", [a, other], new WeightIndex("index", index))).Message);
    }

    private static (string, SafetensorsHeader) Header(string path, byte[] file) => (path, SafetensorsHeader.Parse(file, file.Length, path));

    private WeightReadings Read(Action<JsonObject>? change = null)
    {
        var config = JsonNode.Parse(TinyTeacher.Config)!.AsObject();
        change?.Invoke(config);
        _folder.Write("config.json", config.ToJsonString());
        var file = TinyTeacher.Safetensors(_tensors);
        return WeightReadings.Of(TransformerConfigFile.ReadWhole(_folder.Path), StoredTensors.Of("folder", [Header("model.safetensors", file)], null));
    }

    private string Error(Action<JsonObject>? change = null) => Assert.Throws<InvalidInputException>(() => Read(change)).Message;

    private void Add(string name, string dtype, params long[] shape) => _tensors.Add((name, dtype, shape));

    private void SetType(string name, string dtype) => _tensors[Place(name)] = (name, dtype, TinyTeacher.Shapes[name]);

    private void Rename(string name, string to) => _tensors[Place(name)] = (to, "BF16", TinyTeacher.Shapes[name]);

    private int Place(string name) => _tensors.FindIndex(tensor => tensor.Name == name);
}
