using Distil.Trainer.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>A norm, and a headwise projection of it that is made before it is rounded. For bfloat16 on a GPU one function: the product in float16, the way back in bfloat16.</summary>
internal static class NormedHeadwise
{
    /// <param name="x">The residual stream, float32, (B, S, D).</param>
    /// <param name="norm">The norm's weight, (D).</param>
    /// <param name="projection">float32, (NH, out, DH).</param>
    /// <param name="arithmetic">Element type of the results.</param>
    /// <returns>The norm, (B, S, D), and its projection, (NH, B·S, out).</returns>
    internal static (Tensor Normed, Tensor Projected) Forward(Tensor x, Tensor norm, Tensor projection, ScalarType arithmetic)
    {
        if (!CudaLayerNorm.Serves(x, arithmetic))
        {
            return Plain(x, norm, projection, arithmetic);
        }

        using var scope = NewDisposeScope();
        if (is_grad_enabled())
        {
            var results = Function.apply(x, norm, projection);
            return (results[0].MoveToOuterDisposeScope(), results[1].MoveToOuterDisposeScope());
        }

        var (normed, projected, _) = Run(x.contiguous(), norm, projection);
        return (normed.MoveToOuterDisposeScope(), projected.MoveToOuterDisposeScope());
    }

    /// <inheritdoc cref="Forward"/>
    internal static (Tensor Normed, Tensor Projected) Plain(Tensor x, Tensor norm, Tensor projection, ScalarType arithmetic)
    {
        using var scope = NewDisposeScope();
        var exact = Norms.Plain(x, norm, ScalarType.Float32);
        var projected = HeadwiseLinear.BlocksFirst(exact, projection);
        return (exact.to(arithmetic).MoveToOuterDisposeScope(), projected.to(arithmetic).MoveToOuterDisposeScope());
    }

    internal static (Tensor Normed, Tensor Projected, Tensor Statistics) Run(Tensor x, Tensor norm, Tensor projection)
    {
        using var fine = empty(x.shape, ScalarType.Float16, x.device);
        var (normed, statistics) = CudaLayerNorm.Run(x, norm, fine);
        using var product = HeadwiseLinear.BlocksFirst(fine, projection);
        return (normed, product.to(ScalarType.BFloat16), statistics);
    }

    internal static List<Tensor> Gradients(Tensor dNormed, Tensor dProjected, Tensor x, Tensor norm, Tensor projection, Tensor normed, Tensor statistics)
    {
        Tensor Heads(Tensor rows) => rows.reshape(-1, projection.size(0), projection.size(2));                  // (B·S, NH, DH)
        var gradient = dProjected.to(ScalarType.BFloat16);                                                        // (NH, B·S, out)
        var dProjection = gradient.transpose(1, 2).bmm(Heads(normed).transpose(0, 1)).to(ScalarType.Float32);     // (NH, out, DH)
        var back = gradient.bmm(projection.to(ScalarType.BFloat16)).transpose(0, 1);                              // (B·S, NH, DH)
        return [.. CudaLayerNorm.Gradients(Heads(dNormed.to(ScalarType.BFloat16)).add(back).view(x.shape), x, norm, statistics), dProjection];
    }

    private sealed class Function : MultiTensorFunction<Function>
    {
        public override string Name => nameof(NormedHeadwise);

        public override List<Tensor> forward(AutogradContext context, params object[] inputs)
        {
            using var scope = NewDisposeScope();
            var (x, norm, projection) = (((Tensor)inputs[0]).contiguous(), (Tensor)inputs[1], (Tensor)inputs[2]);
            var (normed, projected, statistics) = Run(x, norm, projection);
            context.set_materialize_grads(false);
            context.save_for_backward([x.MoveToOuterDisposeScope(), norm, projection, normed.detach().MoveToOuterDisposeScope(), statistics.MoveToOuterDisposeScope()]);
            return [normed.MoveToOuterDisposeScope(), projected.MoveToOuterDisposeScope()];
        }

        public override List<Tensor> backward(AutogradContext context, List<Tensor> gradients) => GradientScope.Run(3, gradients, () =>
        {
            var saved = context.get_saved_variables();
            return Gradients(gradients[0], gradients[1], saved[0], saved[1], saved[2], saved[3], saved[4]);
        });
    }
}
