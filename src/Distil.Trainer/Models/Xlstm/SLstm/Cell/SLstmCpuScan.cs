using Distil.Trainer.Numerics;
using Distil.Trainer.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Distil.Trainer.Models.Xlstm.SLstm.Cell;

/// <summary>The sLSTM recurrence as one scan in C# with its own backward: float32 on the CPU. Equal to <see cref="SLstmPlainScan"/>.</summary>
/// <remarks>Threads take (head, four batch rows) pieces, and sums over pieces are made in a fixed order: results do not depend on the thread count.</remarks>
internal static class SLstmCpuScan
{
    /// <inheritdoc cref="SLstmPlainScan.Forward"/>
    internal static Tensor Forward(Tensor inputForget, Tensor cellOutput, Tensor recurrent, Tensor bias, SLstmState? state = null)
    {
        using var scope = NewDisposeScope();
        var size = recurrent.shape[1];
        var missing = SLstmPadding.Missing(size, VectorMath.Width);
        if (missing > 0)
        {
            return SLstmPadding.Forward(Forward, inputForget, cellOutput, recurrent, bias, state, missing).MoveToOuterDisposeScope();
        }

        if (state is null && is_grad_enabled())
        {
            return Function.apply(inputForget, cellOutput, recurrent, bias).MoveToOuterDisposeScope();
        }

        return Scan(inputForget, cellOutput, recurrent, bias, state, keep: false).Output.MoveToOuterDisposeScope();
    }

    /// <returns>h (B, S, NH, DH), and what the backward scan needs, (NH, B, S, 7, DH), where asked for. In the current dispose scope.</returns>
    private static (Tensor Output, Tensor? Kept) Scan(
        Tensor inputForget, Tensor cellOutput, Tensor recurrent, Tensor bias, SLstmState? state, bool keep)
    {
        var shape = ShapeOf(inputForget, recurrent);
        var (inputs, cells, weights, biases) =
            (TensorMemory.Dense(inputForget), TensorMemory.Dense(cellOutput), TensorMemory.Dense(recurrent), TensorMemory.Dense(bias));
        var output = empty([shape.Batch, shape.Length, shape.Heads, shape.Size], ScalarType.Float32);
        var kept = keep ? empty([shape.Heads, shape.Batch, shape.Length, SLstmScanShape.Kept, shape.Size], ScalarType.Float32) : null;
        using var start = state is null ? SLstmState.Start(shape.Batch, shape.Heads, shape.Size, CPU) : null;
        var at = state ?? start!;
        var arrays = new SLstmForwardKernel.Arrays(
            TensorMemory.Floats(inputs), TensorMemory.Floats(cells), TensorMemory.Floats(weights), TensorMemory.Floats(biases),
            TensorMemory.Floats(output), kept is null ? 0 : TensorMemory.Floats(kept), TensorMemory.Floats(at.Hidden),
            TensorMemory.Floats(at.Cell), TensorMemory.Floats(at.Normaliser), TensorMemory.Floats(at.Stabiliser));
        if (shape.Pieces * (long)shape.Length <= 64)
        {
            for (var piece = 0; piece < shape.Pieces; piece++)
            {
                SLstmForwardKernel.Run(shape, arrays, piece);
            }
        }
        else
        {
            Parallel.For(0, shape.Pieces, piece => SLstmForwardKernel.Run(shape, arrays, piece));
        }

        return (output, kept);
    }

    private static SLstmScanShape ShapeOf(Tensor inputForget, Tensor recurrent) =>
        new((int)inputForget.shape[0], (int)inputForget.shape[1], (int)inputForget.shape[2], (int)recurrent.shape[1]);

    private static List<Tensor> Gradients(Tensor gradient, Tensor recurrent, Tensor output, Tensor kept)
    {
        var shape = new SLstmScanShape((int)kept.shape[0], (int)kept.shape[1], (int)kept.shape[2], (int)kept.shape[4]);
        var dense = TensorMemory.Dense(gradient);
        var transposed = recurrent.transpose(1, 2).contiguous();                                         // (NH, 4·DH, DH)
        var inputForget = empty([shape.Heads, shape.Batch, shape.Length, 2 * shape.Size], ScalarType.Float32);
        var cellOutput = empty_like(inputForget);
        var arrays = new SLstmBackwardKernel.Arrays(
            TensorMemory.Floats(dense), TensorMemory.Floats(kept), TensorMemory.Floats(transposed),
            TensorMemory.Floats(inputForget), TensorMemory.Floats(cellOutput));
        Parallel.For(0, shape.Pieces, piece => SLstmBackwardKernel.Run(shape, arrays, piece));

        // dR = Σ h(t−1)ᵀ·d gates(t): a matrix product over all rows and positions, (NH, DH, B·S)·(NH, B·S, 2·DH).
        var former = zeros([shape.Heads, shape.Batch, shape.Length, shape.Size], ScalarType.Float32);
        former.narrow(2, 1, shape.Length - 1).copy_(output.narrow(1, 0, shape.Length - 1).permute(2, 0, 1, 3)).Dispose();
        var columns = former.view(shape.Heads, -1, shape.Size).transpose(1, 2);
        var (first, second) = (inputForget.view(shape.Heads, -1, 2 * shape.Size), cellOutput.view(shape.Heads, -1, 2 * shape.Size));
        var dRecurrent = cat([columns.bmm(first), columns.bmm(second)], -1);                             // (NH, DH, 4·DH)
        var dBias = cat([first.sum(1), second.sum(1)], -1).flatten();                                    // (NH · 4 · DH)
        return [inputForget, cellOutput, dRecurrent, dBias];
    }

    private sealed class Function : SingleTensorFunction<Function>
    {
        public override string Name => nameof(SLstmCpuScan);

        public override Tensor forward(AutogradContext context, params object[] inputs)
        {
            using var scope = NewDisposeScope();
            var recurrent = (Tensor)inputs[2];
            var (output, kept) = Scan((Tensor)inputs[0], (Tensor)inputs[1], recurrent, (Tensor)inputs[3], null, keep: true);
            context.set_materialize_grads(false);
            context.save_for_backward([recurrent, output.detach().MoveToOuterDisposeScope(), kept!.MoveToOuterDisposeScope()]);
            return output.MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(AutogradContext context, Tensor gradient) => GradientScope.Run(4, gradient, () =>
        {
            var saved = context.get_saved_variables();
            return Gradients(gradient, saved[0], saved[1], saved[2]);
        });
    }
}
