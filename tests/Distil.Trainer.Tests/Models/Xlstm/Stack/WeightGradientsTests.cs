using Distil.Trainer.Models.Xlstm.Stack;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Tests.Models.Xlstm.Stack;

public sealed class WeightGradientsTests
{
    [Fact]
    public void Add_up_over_micro_batches_in_the_weights_own_precision()
    {
        using var scope = NewDisposeScope();
        var weight = zeros(2, 3).requires_grad_();
        WeightGradients.Add(weight, full([2, 3], 1.5, ScalarType.BFloat16));
        WeightGradients.Add(weight, full([3, 2], 2, ScalarType.Float32).t());
        Assert.Equal(ScalarType.Float32, weight.grad!.dtype);
        Assert.True(weight.grad.eq(3.5).all().item<bool>());
    }

    [Fact]
    public void Of_a_linear_layer_equal_autograds()
    {
        using var scope = NewDisposeScope();
        var weight = randn(5, 4).requires_grad_();
        var input = randn(2, 3, 4).to(ScalarType.BFloat16);
        var gradient = randn(2, 3, 5).to(ScalarType.BFloat16).to(ScalarType.Float32);
        var used = weight.detach().to(ScalarType.BFloat16);
        Tensor ofInput;
        using (no_grad())
        {
            ofInput = WeightGradients.Linear(weight, used, input, gradient);
        }

        var reference = used.to(ScalarType.Float32).requires_grad_();
        var exact = input.to(ScalarType.Float32).requires_grad_();
        linear(exact, reference).backward([gradient]);
        Assert.True(weight.grad!.allclose(reference.grad!, rtol: 0.02, atol: 0.03));
        Assert.True(ofInput.to(ScalarType.Float32).allclose(exact.grad!, rtol: 0.02, atol: 0.03));
    }
}
