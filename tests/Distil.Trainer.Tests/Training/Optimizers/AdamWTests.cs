using Distil.Core.Errors;
using Distil.Fuzzing;
using Distil.Trainer.Models;
using Distil.Trainer.Safetensors;
using Distil.Trainer.Training.Optimizers;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace Distil.Trainer.Tests.Training.Optimizers;

public sealed class AdamWTests
{
    private static readonly AdamWOptions Options = new() { WeightDecay = 0.1, Beta1 = 0.9, Beta2 = 0.95 };

    [Fact]
    public void Equals_torchs_own_with_clipping_over_fifty_steps()
    {
        using var scope = NewDisposeScope();
        var (ours, theirs) = (Parameters(), Parameters());
        var torchs = theirs.Select(parameter => new Parameter(parameter.Value)).ToArray();
        using var reference = optim.AdamW(torchs, 1e-2, Options.Beta1, Options.Beta2, Options.Epsilon, Options.WeightDecay);
        using var optimizer = new AdamW(ours, Options);

        for (var step = 0; step < 50; step++)
        {
            reference.zero_grad();
            Loss([.. torchs], step).backward();
            Loss(ours.Select(parameter => parameter.Value).ToArray(), step).backward();
            var norm = nn.utils.clip_grad_norm_(torchs, 0.5);
            reference.step();
            Assert.Equal(norm, optimizer.Step(1e-2, 0.5).item<float>(), norm * 1e-5);
        }

        for (var i = 0; i < torchs.Length; i++)
        {
            Assert.True(ours[i].Value.allclose(torchs[i], rtol: 1e-5, atol: 1e-6), ours[i].Name);
        }
    }

    [Fact]
    public void Goes_on_after_loading_exactly_as_it_would_have()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var (whole, resumed) = (Parameters(), Parameters());
        using var optimizer = new AdamW(whole, Options);
        Train(optimizer, whole, 0, 3);
        SafetensorsWriter.Write(folder["w"], optimizer.Weights.Select(weight => KeyValuePair.Create(weight.Name, weight.Value)));
        SafetensorsWriter.Write(folder["o"], optimizer.State());
        Train(optimizer, whole, 3, 6);

        using var second = new AdamW(resumed, Options);
        second.Load(folder["w"], folder["o"]);
        Assert.Equal(3, second.Steps);
        Train(second, resumed, 3, 6);

        for (var i = 0; i < whole.Count; i++)
        {
            Assert.Equal(whole[i].Value.detach().bytes.ToArray(), resumed[i].Value.detach().bytes.ToArray());
        }
    }

    [Fact]
    public void Keeps_a_readable_state_with_two_moments_for_each_parameter()
    {
        using var scope = NewDisposeScope();
        using var optimizer = new AdamW(Parameters(), Options);
        Assert.Equal(["step", "exp_avg.a", "exp_avg.b", "exp_avg_sq.a", "exp_avg_sq.b"], optimizer.State().Select(item => item.Key));
    }

    [Fact]
    public void Refuses_a_state_of_another_model_by_name_and_shape()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var optimizer = new AdamW(Parameters(), Options);
        SafetensorsWriter.Write(folder["w"], [new("a", zeros(3, 5)), new("b", zeros(4))]);
        SafetensorsWriter.Write(folder["o"], optimizer.State());
        Assert.Contains(
            "a is [3, 5] F32; the model needs [3, 4]", Assert.Throws<InvalidInputException>(() => optimizer.Load(folder["w"], folder["o"])).Message);
    }

    [Theory]
    [InlineData("exp_avg.a")]
    [InlineData("exp_avg_sq.b")]
    [InlineData("step")]
    public void Loads_nothing_of_a_state_whose_last_tensors_do_not_fit(string wrong)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var parameters = Parameters();
        using var optimizer = new AdamW(parameters, Options);
        Train(optimizer, parameters, 0, 2);
        SafetensorsWriter.Write(folder["w"], optimizer.Weights.Select(weight => KeyValuePair.Create(weight.Name, weight.Value * 2)));
        SafetensorsWriter.Write(folder["o"], optimizer.State().Select(part => KeyValuePair.Create(
            part.Key, part.Key != wrong ? part.Value * 2 : part.Key == "step" ? part.Value.to(ScalarType.Float32) : part.Value.flatten()[..2])));
        var before = Everything();
        Assert.Contains($"{wrong} is ", Assert.Throws<InvalidInputException>(() => optimizer.Load(folder["w"], folder["o"])).Message);
        Assert.Equal(before, Everything());

        byte[][] Everything() =>
            [.. optimizer.State().Select(part => part.Value).Concat(optimizer.Weights.Concat(parameters).Select(part => part.Value.detach())).Select(value => value.bytes.ToArray())];
    }

    [Fact]
    public Task A_damaged_checkpoint_is_loaded_whole_or_not_at_all()
    {
        using var scope = NewDisposeScope();
        var folder = new TemporaryFolder();
        var (parameters, optimizer) = (Parameters(), new AdamW(Parameters(), Options));
        SafetensorsWriter.Write(folder["w"], [.. parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value.detach() + 1))]);
        SafetensorsWriter.Write(folder["o"], optimizer.State());
        var valid = File.ReadAllBytes(folder["o"]);
        var first = optimizer.Weights[0].Value.bytes.ToArray();
        return Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(valid), bytes =>
        {
            File.WriteAllBytes(folder["o"], bytes);
            using var each = NewDisposeScope();
            using var loaded = new AdamW(Parameters(), Options);
            try
            {
                loaded.Load(folder["w"], folder["o"]);
            }
            catch (InvalidInputException)
            {
                Assert.Equal(first, loaded.Weights[0].Value.bytes.ToArray());
                throw;
            }

            Assert.NotEqual(first, loaded.Weights[0].Value.bytes.ToArray());
        }, iterations: 200);
    }

    [Fact]
    public void A_parameter_outside_the_loss_is_named()
    {
        using var scope = NewDisposeScope();
        var parameters = Parameters();
        using var optimizer = new AdamW(parameters, Options);
        parameters[0].Value.sum().backward();
        Assert.StartsWith("b has no gradient", Assert.Throws<InvalidOperationException>(() => optimizer.Step(1, 1)).Message);
    }

    private static IReadOnlyList<NamedParameter> Parameters() =>
        [new("a", linspace(-1, 1, 12).view(3, 4).requires_grad_(true)), new("b", linspace(0, 2, 4).requires_grad_(true))];

    private static Tensor Loss(Tensor[] parameters, int step) => ((parameters[0] * (step + 1)).sin() * parameters[1].exp()).sum();

    private static void Train(AdamW optimizer, IReadOnlyList<NamedParameter> parameters, int from, int to)
    {
        for (var step = from; step < to; step++)
        {
            Loss(parameters.Select(parameter => parameter.Value).ToArray(), step).backward();
            optimizer.Step(1e-2, 1);
        }
    }
}
