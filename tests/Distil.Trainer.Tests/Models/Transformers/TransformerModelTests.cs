using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Safetensors;
using Distil.Trainer.Models.Transformers;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Transformers;

public sealed class TransformerModelTests : IDisposable
{
    private const double Tolerance = 1e-4;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");

    public static TheoryData<string> Families => ["qwen2-tiny", "qwen3-tiny", "llama-tiny"];

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Families))]
    public void Equal_to_the_reference_in_logits_and_every_hidden_state(string name)
    {
        using var scope = NewDisposeScope();
        using var golden = new GoldenCase(name);
        // The reference for llama was computed by a model cast to bfloat16 as a whole, its rotary frequencies too.
        var rotary = name == "llama-tiny" ? ScalarType.BFloat16 : ScalarType.Float32;
        using var model = TransformerModel.Load(golden.Folder, CPU, rotaryPrecision: rotary);

        var (final, layers) = model.ForwardWithLayers(golden.InputIds);

        Assert.Equal(model.Config.Layers + 1, layers.Count);
        for (var i = 0; i < layers.Count; i++)
        {
            Assert.InRange(GoldenCase.RelativeError(layers[i], golden[$"hidden_states.{i}"]), 0, Tolerance);
        }

        Assert.InRange(GoldenCase.RelativeError(final.matmul(model.HeadWeight.t()), golden["logits"]), 0, Tolerance);
        Assert.InRange(GoldenCase.RelativeError(model.Forward(golden.InputIds), final), 0, 1e-6);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Decoding_in_any_pieces_equals_the_whole_sequence(string name)
    {
        using var scope = NewDisposeScope();
        using var golden = new GoldenCase(name);
        using var model = TransformerModel.Load(golden.Folder, CPU);
        var ids = cat([golden.InputIds, golden.InputIds, golden.InputIds], 1);     // (2, 87): past the first buffer
        var whole = model.Forward(ids);
        using var state = model.StartDecoding(2);

        foreach (var piece in (int[])[5, 1, 1, 20, 60])
        {
            var end = (int)state.Position + piece;
            var last = model.Decode(ids.narrow(1, state.Position, piece), state);
            Assert.InRange(GoldenCase.RelativeError(last, whole.select(1, end - 1)), 0, Tolerance);
            Assert.Equal(end, state.Position);
        }

        Assert.Equal(2L * 2 * model.Config.Layers * model.Config.KeyValueHeads * 87 * model.Config.HeadSize * sizeof(float), state.Bytes);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Every_trainable_weight_gets_a_finite_gradient(string name)
    {
        using var scope = NewDisposeScope();
        using var golden = new GoldenCase(name);
        using var model = TransformerModel.Create(TransformerConfigFile.Read(golden.Folder), seed: 1, CPU);

        model.Forward(golden.InputIds).matmul(model.HeadWeight.t()).logsumexp(-1).sum().backward();

        Assert.NotEmpty(model.TrainableParameters);
        Assert.All(model.TrainableParameters, weight => Assert.True(weight.Value.grad is { } grad && grad.isfinite().all().item<bool>(), weight.Name));
        // The bias of the keys moves all scores of a query alike: the one weight whose gradient is 0.
        Assert.All(
            model.TrainableParameters.Where(weight => !weight.Name.EndsWith("k_proj.bias")),
            weight => Assert.True(weight.Value.grad!.abs().max().item<float>() > 0, weight.Name));
    }

    [Fact]
    public void A_frozen_model_records_no_gradient()
    {
        using var golden = new GoldenCase("qwen2-tiny");
        using var model = TransformerModel.Load(golden.Folder, CPU);
        using var hidden = model.Forward(golden.InputIds);
        Assert.False(hidden.requires_grad);
        Assert.Empty(model.TrainableParameters);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_saved_model_loads_as_it_was(string name)
    {
        using var scope = NewDisposeScope();
        using var golden = new GoldenCase(name);
        using var model = TransformerModel.Create(TransformerConfigFile.Read(golden.Folder), seed: 7, CPU);
        model.Save(_folder.FullName);

        using var loaded = TransformerModel.Load(_folder.FullName, CPU, trainable: true);

        Assert.Equal(model.Config, loaded.Config);
        Assert.Equal(model.TrainableParameters.Select(weight => weight.Name), loaded.TrainableParameters.Select(weight => weight.Name));
        Assert.True(model.Forward(golden.InputIds).equal(loaded.Forward(golden.InputIds)).all().item<bool>());
    }

    [Fact]
    public void A_model_saved_in_bfloat16_is_half_as_large()
    {
        using var golden = new GoldenCase("qwen3-tiny");
        using var model = TransformerModel.Load(golden.Folder, CPU);
        model.Save(_folder.FullName, ScalarType.BFloat16);
        using var weights = WeightFolder.Open(_folder.FullName);
        Assert.All(weights.Stored.ByName.Values, stored => Assert.Equal("BF16", stored.Entry.Dtype.Name));
        Assert.Equal("bfloat16", (string?)JsonNode.Parse(File.ReadAllText(Path.Combine(_folder.FullName, "config.json")))!["torch_dtype"]);
    }

    [Fact]
    public void A_model_read_in_bfloat16_computes_about_the_same()
    {
        using var scope = NewDisposeScope();
        using var golden = new GoldenCase("llama-tiny");
        using var model = TransformerModel.Load(golden.Folder, CPU, ScalarType.BFloat16);
        var hidden = model.Forward(golden.InputIds);
        Assert.Equal(ScalarType.BFloat16, hidden.dtype);
        Assert.InRange(GoldenCase.RelativeError(hidden, golden["hidden_states.3"]), 0, 0.05);
    }

    [Fact]
    public void A_seed_decides_the_weights()
    {
        var config = TransformerConfigFile.Read("Golden/qwen2-tiny");
        using var one = TransformerModel.Create(config, seed: 1, CPU);
        using var again = TransformerModel.Create(config, seed: 1, CPU);
        using var other = TransformerModel.Create(config, seed: 2, CPU);
        Assert.True(one.EmbeddingWeight.equal(again.EmbeddingWeight).all().item<bool>());
        Assert.False(one.EmbeddingWeight.equal(other.EmbeddingWeight).all().item<bool>());
        Assert.InRange(one.EmbeddingWeight.std().item<float>(), 0.018, 0.022);
    }

    [Fact]
    public void A_weight_that_does_not_fit_names_the_field_that_asks_for_it()
    {
        File.Copy("Golden/qwen2-tiny/model.safetensors", Path.Combine(_folder.FullName, "model.safetensors"));
        var config = JsonNode.Parse(File.ReadAllText("Golden/qwen2-tiny/config.json"))!;
        config["intermediate_size"] = 192;
        File.WriteAllText(Path.Combine(_folder.FullName, "config.json"), config.ToJsonString());

        var error = Assert.Throws<InvalidInputException>(() => TransformerModel.Load(_folder.FullName, CPU));

        Assert.EndsWith(
            "model.safetensors: model.layers.0.mlp.gate_proj.weight is [160, 64] F32; config.json (intermediate_size 192) needs [192, 64]", error.Message);
    }

    [Fact]
    public void A_context_longer_than_the_models_is_refused_where_asked()
    {
        using var model = TransformerModel.Load("Golden/qwen2-tiny", CPU);
        model.RequireContext(128, "spec.json: dataset.contextLength");
        var error = Assert.Throws<InvalidInputException>(() => model.RequireContext(129, "spec.json: dataset.contextLength"));
        Assert.Equal("spec.json: dataset.contextLength is 129; the model's config.json (max_position_embeddings) allows 128", error.Message);
    }
}
