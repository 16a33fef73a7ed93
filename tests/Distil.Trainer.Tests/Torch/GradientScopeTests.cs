using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Distil.Trainer.Tests.Torch;

public sealed class GradientScopeTests
{
    [Fact]
    public void A_failure_in_a_backward_reaches_the_caller_also_past_functions_that_then_get_no_gradient()
    {
        using var scope = NewDisposeScope();
        var x = randn(1, 8, 16).requires_grad_();
        var convolved = CpuConvolution.Instance.Forward(new(x, randn(16, 1, 4).requires_grad_(), randn(16).requires_grad_()));
        var failing = Failing.apply(convolved * 2);
        Assert.Equal("no gradient today", Assert.Throws<InvalidOperationException>(() => GradientScope.Backward(failing.sum())).Message);

        // The next pass starts afresh.
        var after = CpuConvolution.Instance.Forward(new(x, randn(16, 1, 4), randn(16)));
        GradientScope.Backward(after.sum());
        Assert.True(x.grad!.abs().sum().item<float>() > 0);
    }

    private sealed class Failing : SingleTensorFunction<Failing>
    {
        public override string Name => nameof(Failing);

        public override Tensor forward(AutogradContext context, params object[] inputs) => ((Tensor)inputs[0]).clone();

        public override List<Tensor> backward(AutogradContext context, Tensor gradient) =>
            GradientScope.Run(1, gradient, () => throw new InvalidOperationException("no gradient today"));
    }
}
