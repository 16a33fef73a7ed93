using Distil.Trainer.Kernels;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Kernels;

public sealed class FusedOperationTests
{
    [Fact]
    public void Autograd_gets_the_gradients_of_all_inputs_from_all_outputs()
    {
        using var scope = NewDisposeScope();
        var inputs = new Pair(tensor(3f).requires_grad_(), tensor(4f).requires_grad_());
        var (product, sum) = ProductAndSum.Instance.Forward(inputs);
        Assert.Equal((12f, 7f), (product.item<float>(), sum.item<float>()));
        GradientScope.Backward(product * 10 + sum);
        Assert.Equal((41f, 31f), (inputs.A.grad!.item<float>(), inputs.B.grad!.item<float>()));
    }

    [Fact]
    public void An_output_that_is_not_used_has_no_gradient_and_the_others_count()
    {
        using var scope = NewDisposeScope();
        var inputs = new Pair(tensor(3f).requires_grad_(), tensor(4f).requires_grad_());
        var (product, _) = ProductAndSum.Instance.Forward(inputs);
        GradientScope.Backward(product * 10);
        Assert.Equal((40f, 30f), (inputs.A.grad!.item<float>(), inputs.B.grad!.item<float>()));
    }

    [Fact]
    public void Without_gradients_nothing_is_recorded()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        Assert.False(ProductAndSum.Instance.Forward(new(tensor(3f).requires_grad_(), tensor(4f))).A.requires_grad);
    }

    [Fact]
    public void Neither_forward_nor_backward_pass_leaves_tensors_behind()
    {
        void Once()
        {
            using var scope = NewDisposeScope();
            var inputs = new Pair(tensor(3f).requires_grad_(), tensor(4f).requires_grad_());
            var (product, sum) = ProductAndSum.Instance.Forward(inputs);
            GradientScope.Backward(product + sum);
        }

        Once();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using var outer = NewDisposeScope();
        Once();
        Assert.Equal(0, outer.DisposablesCount);
    }

    private sealed record Pair(Tensor A, Tensor B);

    private sealed class ProductAndSum : FusedOperation<Pair, Pair, Pair>
    {
        internal static ProductAndSum Instance { get; } = new();

        internal override (Pair Outputs, Pair Saved) RunSaving(Pair inputs) =>
            (new(inputs.A * inputs.B, inputs.A + inputs.B), new(inputs.A, inputs.B.detach()));

        internal override Pair Gradients(Pair saved, Pair gradients)
        {
            var sum = gradients.B ?? zeros_like(gradients.A);
            return new(gradients.A * saved.B + sum, gradients.A * saved.A + sum);
        }
    }
}
