using Distil.Core.Errors;
using Distil.Core.Safetensors;
using Distil.Inference.Models;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.Safetensors;
using Distil.Trainer.Torch;
using static Distil.Trainer.Tests.Models.Xlstm.GoldenStudent;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Tests.Models.Xlstm;

public sealed class XlstmModelTests
{
    private const double Tolerance = 1e-4;

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("model.cuda-layout.safetensors")]
    public void Logits_and_hidden_states_equal_the_references_in_both_recurrent_layouts(string weights)
    {
        using var scope = NewDisposeScope();
        using var model = XlstmModel.Load(Copy(weights), CPU);
        AssertForwardIsGolden(model);
    }

    [Fact]
    public void Reads_the_names_of_older_published_checkpoints()
    {
        using var scope = NewDisposeScope();
        using var model = XlstmModel.Load(
            Copy(
                "model.safetensors",
                name => name switch
                {
                    "lm_head.weight" => "maybe_lm_head.weight",
                    "xlstm.backbone.post_blocks_norm.weight" => "xlstm.backbone.out_norm.weight",
                    _ => name,
                },
                config => config.Replace("xlstm_config", "xlstm_cfg", StringComparison.Ordinal)),
            CPU);
        AssertForwardIsGolden(model);
    }

    [Fact]
    public void Loss_and_every_gradient_equal_the_references()
    {
        using var scope = NewDisposeScope();
        using var model = Load();
        using var golden = Case();
        var (ids, size) = (golden.Read("input_ids"), model.HiddenSize / model.Config.SlstmHeads);
        model.EmbeddingWeight.requires_grad = true;
        model.HeadWeight.requires_grad = true;
        var logits = linear(model.Forward(ids), model.HeadWeight);
        var loss = cross_entropy(logits.narrow(1, 0, ids.shape[1] - 1).flatten(0, 1), ids.narrow(1, 1, ids.shape[1] - 1).flatten());
        Same(golden.Read("loss"), loss.unsqueeze(0), Tolerance, "loss");
        GradientScope.Backward(loss);

        var parameters = model.TrainableParameters
            .Append(new("xlstm.embedding.weight", model.EmbeddingWeight)).Append(new("lm_head.weight", model.HeadWeight)).ToList();
        Assert.Equal(
            golden.Entries.Keys.Where(name => name.StartsWith("grad.", StringComparison.Ordinal)).Order(), parameters.Select(p => "grad." + p.Name).Order());
        foreach (var (name, value) in parameters)
        {
            var gradient = value.grad!;
            if (name.EndsWith("_recurrent_kernel_", StringComparison.Ordinal))
            {
                gradient = gradient.transpose(1, 2);
            }
            if (name.EndsWith("slstm_cell._bias_", StringComparison.Ordinal))
            {
                gradient = gradient.view(4, 4, size).transpose(0, 1).flatten();
            }
            Same(golden.Read("grad." + name), gradient, Tolerance, name);
        }
    }

    [Fact]
    public void Token_by_token_decoding_equals_the_references_and_its_state_stays_the_same_size()
    {
        using var scope = NewDisposeScope();
        using var model = Load();
        using var golden = Case();
        var ids = golden.Read("input_ids");
        using var state = model.StartDecoding(2);
        var bytes = state.Bytes;
        var logits = stack([.. Enumerable.Range(0, (int)ids.shape[1]).Select(t => linear(model.Decode(ids.narrow(1, t, 1), state), model.HeadWeight))], 1);
        Same(golden.Read("step_logits"), logits, Tolerance, "step_logits");
        Assert.Equal(ids.shape[1], state.Position);
        Assert.Equal(bytes, state.Bytes);
        Assert.True(bytes > 0);
    }

    [Fact]
    public void Reading_a_prompt_at_once_equals_reading_it_token_by_token()
    {
        using var scope = NewDisposeScope();
        using var model = Load();
        using var golden = Case();
        var ids = golden.Read("input_ids");
        using var state = model.StartDecoding(2);
        model.Decode(ids.narrow(1, 0, 5), state);
        model.Decode(ids.narrow(1, 5, 1), state);
        Same(golden.Read("last_hidden_state").select(1, 36), model.Decode(ids.narrow(1, 6, 31), state), Tolerance, "last hidden state");
    }

    [Fact]
    public void A_saved_student_loads_as_the_same_student()
    {
        using var scope = NewDisposeScope();
        using var model = Load();
        var folder = Directory.CreateTempSubdirectory("distil-xlstm-").FullName;
        model.Save(folder);
        using var again = XlstmModel.Load(folder, CPU);
        Assert.Equal(model.TrainableParameters.Select(p => p.Name), again.TrainableParameters.Select(p => p.Name));
        foreach (var (one, other) in model.TrainableParameters.Zip(again.TrainableParameters))
        {
            Assert.True(one.Value.equal(other.Value).all().item<bool>(), one.Name);
        }
        AssertForwardIsGolden(again);
    }

    [Theory]
    [InlineData("cuda", "model.cuda-layout.safetensors")]
    [InlineData("vanilla", "model.safetensors")]
    public void Saves_the_recurrent_layout_of_its_configs_backend(string backend, string expected)
    {
        using var scope = NewDisposeScope();
        using var model = XlstmModel.Load(Copy("model.safetensors", config: text => text.Replace("\"cuda\"", $"\"{backend}\"", StringComparison.Ordinal)), CPU);
        var folder = Directory.CreateTempSubdirectory("distil-xlstm-").FullName;
        model.Save(folder);
        using var saved = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors"));
        using var golden = SafetensorsFile.Open(Path.Combine(Folder, expected));
        Assert.Equal(golden.Entries.Keys.Order(), saved.Entries.Keys.Order());
        foreach (var name in golden.Entries.Keys)
        {
            Same(golden.Read(name), saved.Read(name), 0, name);
        }
    }

    [Fact]
    public void Fresh_gate_biases_equal_the_references_and_a_seed_decides_the_rest()
    {
        using var scope = NewDisposeScope();
        using var golden = Case();
        using var model = Load();
        using var fresh = XlstmModel.Create(model.Config, model.EmbeddingWeight, model.HeadWeight, 7, CPU);
        using var same = XlstmModel.Create(model.Config, model.EmbeddingWeight, model.HeadWeight, 7, CPU);
        using var other = XlstmModel.Create(model.Config, model.EmbeddingWeight, model.HeadWeight, 8, CPU);
        Tensor Of(XlstmModel student, string name) => student.TrainableParameters.Single(p => p.Name == "xlstm.backbone." + name).Value;
        foreach (var block in new[] { 0, 2 })
        {
            var bias = Of(fresh, $"blocks.{block}.xlstm.slstm_cell._bias_").view(4, 4, 16).transpose(0, 1).flatten();
            Same(golden.Read($"init.blocks.{block}.xlstm.slstm_cell._bias_"), bias, Tolerance, $"bias of block {block}");
        }

        Same(golden.Read("init.blocks.1.xlstm.mlstm_cell.fgate.bias"), Of(fresh, "blocks.1.xlstm.mlstm_cell.fgate.bias"), Tolerance, "forget bias");
        Same(Of(fresh, "blocks.1.xlstm.proj_up.weight"), Of(same, "blocks.1.xlstm.proj_up.weight"), 0, "proj_up");
        Assert.False(Of(fresh, "blocks.1.xlstm.proj_up.weight").allclose(Of(other, "blocks.1.xlstm.proj_up.weight")));
        Assert.Equal(Math.Sqrt(2 / (5.0 * 64)), Of(fresh, "blocks.1.xlstm.proj_up.weight").std().item<float>(), 0.003);
        Assert.Equal(2.0 / 4 / 8, Of(fresh, "blocks.1.xlstm.proj_down.weight").std().item<float>(), 0.003);
        Assert.False(fresh.HeadWeight.requires_grad || fresh.EmbeddingWeight.requires_grad);
    }

    [Fact]
    public void A_missing_tensor_is_named()
    {
        const string name = "xlstm.backbone.blocks.1.xlstm.q_proj.weight";
        var error = Assert.Throws<InvalidInputException>(() => XlstmModel.Load(Copy("model.safetensors", tensor => tensor == name ? null : tensor), CPU));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("xlstm.backbone.blocks.1.xlstm.proj_up.weight", "[256, 64]")]
    [InlineData("xlstm.backbone.blocks.0.xlstm.slstm_cell._recurrent_kernel_", "[4, 16, 64]")]
    public void A_tensor_of_the_wrong_shape_is_named_with_what_was_expected(string name, string expected)
    {
        var folder = Copy("model.safetensors", change: (tensor, of) => of == name ? tensor.narrow(0, 0, 3).clone() : tensor);
        var error = Assert.Throws<InvalidInputException>(() => XlstmModel.Load(folder, CPU));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_teacher_of_another_width_is_refused()
    {
        using var scope = NewDisposeScope();
        var config = XlstmConfigFile.Read(Folder);
        var error = Assert.Throws<InvalidInputException>(() => XlstmModel.Create(config, zeros(131, 32), zeros(131, 64), 1, CPU));
        Assert.Contains("[131, 32]", error.Message, StringComparison.Ordinal);
    }

    private static void AssertForwardIsGolden(XlstmModel model)
    {
        using var golden = Case();
        using var gradients = no_grad();
        var ids = golden.Read("input_ids");
        var (final, layers) = model.ForwardWithLayers(ids);
        Same(golden.Read("last_hidden_state"), final, Tolerance, "last_hidden_state");
        Same(golden.Read("logits"), linear(model.Forward(ids), model.HeadWeight), Tolerance, "logits");
        for (var block = 0; block < 4; block++)
        {
            Same(golden.Read($"hidden_states.{block}"), layers[block], Tolerance, $"hidden_states.{block}");
        }
    }
}
