using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.MLstm.Up;

/// <summary>An mLSTM block's way up on a GPU: to x_m in float16, the rest in bfloat16. Equal to <see cref="MLstmUp.Plain"/>.</summary>
internal static class MLstmCudaUp
{
    /// <summary>Whether it serves here.</summary>
    internal static bool Serves(MLstmUpInputs all, ScalarType arithmetic) => CudaLayerNorm.Serves(all.Stream, arithmetic) && CudaConvolution.Takes(all.Stream, all.Taps);

    /// <returns>x_m, z and c, bfloat16, each (B, S, I).</returns>
    internal static (Tensor Inner, Tensor Gate, Tensor Convolved) Forward(MLstmUpInputs all)
    {
        using var scope = NewDisposeScope();
        var results = is_grad_enabled() ? Function.apply([.. all.All()]) : Run(all).Results;
        foreach (var result in results)
        {
            result.MoveToOuterDisposeScope();
        }
        return (results[0], results[1], results[2]);
    }

    /// <summary>Without the convolution and without gradients.</summary>
    /// <returns>x_m, float32, and z.</returns>
    internal static (Tensor Inner, Tensor Gate) Project(MLstmUpInputs all)
    {
        using var scope = NewDisposeScope();
        var (inner, gate, _, _) = Products(all);
        return (inner.to(ScalarType.Float32).MoveToOuterDisposeScope(), gate.MoveToOuterDisposeScope());
    }

    /// <returns>x_m, float16, z, and of the norm what the way back takes.</returns>
    private static (Tensor Inner, Tensor Gate, Tensor Normed, Tensor Statistics) Products(MLstmUpInputs all)
    {
        var stream = all.Stream.contiguous();
        using var fine = empty(stream.shape, ScalarType.Float16, stream.device);
        var (normed, statistics) = CudaLayerNorm.Run(stream, all.Norm, fine);
        return (linear(fine, all.ToInner.to(ScalarType.Float16)), linear(normed, all.ToGate.to(ScalarType.BFloat16)), normed, statistics);
    }

    internal static (List<Tensor> Results, Tensor Normed, Tensor Statistics) Run(MLstmUpInputs all)
    {
        var (fine, gate, normed, statistics) = Products(all);
        var inner = empty(fine.shape, ScalarType.BFloat16, fine.device);
        var convolved = CudaConvolution.Run(fine, all.Taps, all.Bias, inner);
        fine.Dispose();
        return ([inner, gate, convolved], normed, statistics);
    }

    /// <returns>Gradients in the order of <see cref="MLstmUpInputs"/>.</returns>
    internal static List<Tensor> Gradients(MLstmUpInputs all, Tensor inner, Tensor normed, Tensor statistics, Tensor dInner, Tensor dGate, Tensor dConvolved)
    {
        Tensor Rows(Tensor x) => x.to(ScalarType.BFloat16).reshape(-1, x.size(-1));
        var convolution = CudaConvolution.Gradients(dConvolved, inner, all.Taps, all.Bias);
        var (toInner, toGate) = (Rows(convolution[0].add_(dInner)), Rows(dGate));                                 // (B·S, I)
        var dNormed = toInner.mm(all.ToInner.to(ScalarType.BFloat16)).addmm_(toGate, all.ToGate.to(ScalarType.BFloat16));
        var dProjection = empty_like(all.Projection);
        dProjection.narrow(0, 0, all.Width).copy_(toInner.t().mm(Rows(normed)));
        dProjection.narrow(0, all.Width, all.Width).copy_(toGate.t().mm(Rows(normed)));
        return [.. CudaLayerNorm.Gradients(dNormed, all.Stream, all.Norm, statistics), dProjection, convolution[1], convolution[2]];
    }

    private sealed class Function : MultiTensorFunction<Function>
    {
        public override string Name => nameof(MLstmCudaUp);

        public override List<Tensor> forward(AutogradContext context, params object[] inputs)
        {
            using var scope = NewDisposeScope();
            var all = MLstmUpInputs.Of([((Tensor)inputs[0]).contiguous(), .. inputs.Skip(1).Cast<Tensor>()]);
            var (results, normed, statistics) = Run(all);
            all.Stream.MoveToOuterDisposeScope();
            context.set_materialize_grads(false);
            context.save_for_backward(
                [.. all.All(), results[0].detach().MoveToOuterDisposeScope(), normed.MoveToOuterDisposeScope(), statistics.MoveToOuterDisposeScope()]);
            foreach (var result in results)
            {
                result.MoveToOuterDisposeScope();
            }
            return results;
        }

        public override List<Tensor> backward(AutogradContext context, List<Tensor> gradients) => GradientScope.Run(MLstmUpInputs.Count, gradients, () =>
        {
            var saved = context.get_saved_variables();
            return Gradients(MLstmUpInputs.Of(saved), saved[5], saved[6], saved[7], gradients[0], gradients[1], gradients[2]);
        });
    }
}
