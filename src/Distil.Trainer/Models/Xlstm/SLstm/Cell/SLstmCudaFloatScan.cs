using System.Collections.Concurrent;
using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Distil.Trainer.Models.Xlstm.SLstm.Cell;

/// <summary>The sLSTM recurrence in float32 as one CUDA kernel a direction. Equal to <see cref="SLstmPlainScan"/>.</summary>
/// <remarks>Products without tensor cores, which would round to 10 bits: several times as long as <see cref="SLstmCudaScan"/>, and a small part of plain operations.</remarks>
internal static class SLstmCudaFloatScan
{
    /// <summary>Batch rows of a block, as in <c>slstm_float.cu</c>, and values that it keeps of a unit and step.</summary>
    private const int Rows = 8, Kept = 6;

    private const int Granule = 32, MaxUnits = 192;

    private static readonly ConcurrentDictionary<long, CudaProgram> Programs = new();

    /// <summary>Whether it serves these tensors here; where a kernel might and does not, a warning says why, once.</summary>
    internal static bool Serves(Tensor inputForget, long size)
    {
        const string name = "the sLSTM scan in float32", cost = "a training step takes some 20 times as long";
        return inputForget.dtype == ScalarType.Float32 && CudaRuntime.Use(inputForget, name, cost)
            && (size <= MaxUnits || CudaRuntime.WarnOnce($"{name} runs as plain tensor operations: a head has {size} units, the kernel takes {MaxUnits}; {cost}"));
    }

    /// <inheritdoc cref="SLstmPlainScan.Forward"/>
    internal static Tensor Forward(Tensor inputForget, Tensor cellOutput, Tensor recurrent, Tensor bias, SLstmState? state = null)
    {
        using var scope = NewDisposeScope();
        var missing = SLstmPadding.Missing(recurrent.shape[1], Granule);
        if (missing > 0)
        {
            return SLstmPadding.Forward(Forward, inputForget, cellOutput, recurrent, bias, state, missing).MoveToOuterDisposeScope();
        }

        return (state is null && is_grad_enabled() ? Function.apply(inputForget, cellOutput, recurrent, bias) : Run(inputForget, cellOutput, recurrent, bias, state, null))
            .MoveToOuterDisposeScope();
    }

    private static Tensor Run(Tensor inputForget, Tensor cellOutput, Tensor recurrent, Tensor bias, SLstmState? state, Tensor? kept)
    {
        var (heads, batch, length, size) = (inputForget.shape[0], (int)inputForget.shape[1], (int)inputForget.shape[2], recurrent.shape[1]);
        var output = empty([batch, length, heads, size], ScalarType.Float32, inputForget.device);
        Program(size)["slstm_float_forward"].Launch(
            Shape(heads, batch, size), inputForget.contiguous(), cellOutput.contiguous(), recurrent.contiguous(), bias.contiguous(), output, kept,
            state?.Hidden, state?.Cell, state?.Normaliser, state?.Stabiliser, batch, length);
        return output;
    }

    private static List<Tensor> Gradients(Tensor gradient, Tensor recurrent, Tensor output, Tensor kept)
    {
        var (batch, length, heads, size) = ((int)output.shape[0], (int)output.shape[1], output.shape[2], output.shape[3]);
        var shape = Shape(heads, batch, size);
        var inputForget = empty([heads, batch, length, 2 * size], ScalarType.Float32, output.device);
        var cellOutput = empty_like(inputForget);
        var biases = empty([shape.GridY, heads * 4 * size], ScalarType.Float32, output.device);
        Program(size)["slstm_float_backward"].Launch(
            shape, gradient.contiguous(), kept, recurrent.transpose(1, 2).contiguous(), inputForget, cellOutput, biases, batch, length);
        return [inputForget, cellOutput, OfRecurrent(output, inputForget, cellOutput), biases.sum([0L])];
    }

    /// <summary>dR = Σ h(t−1)ᵀ·d gates(t): a matrix product over all rows and positions, (NH, DH, B·S)·(NH, B·S, 2·DH).</summary>
    /// <param name="output">h, (B, S, NH, DH).</param>
    /// <param name="inputForget">Gradients of i and f, (NH, B, S, 2·DH).</param>
    /// <param name="cellOutput">Of z and o.</param>
    /// <returns>float32, (NH, DH, 4·DH).</returns>
    internal static Tensor OfRecurrent(Tensor output, Tensor inputForget, Tensor cellOutput)
    {
        var (length, heads, size) = (output.shape[1], output.shape[2], output.shape[3]);
        var former = zeros_like(output);
        former.narrow(1, 1, length - 1).copy_(output.narrow(1, 0, length - 1)).Dispose();
        var columns = former.view(-1, heads, size).permute(1, 2, 0);
        Tensor Product(Tensor gradients) => columns.bmm(gradients.view(heads, -1, 2 * size)).to(ScalarType.Float32);
        return cat([Product(inputForget), Product(cellOutput)], -1);
    }

    private static CudaProgram Program(long size) => Programs.GetOrAdd(size, units => new("slstm_float.cu", $"HEAD_SIZE={units}"));

    private static LaunchShape Shape(long heads, int batch, long size) => new(heads, (int)(4 * size), GridY: (batch + Rows - 1) / Rows);

    private sealed class Function : SingleTensorFunction<Function>
    {
        public override string Name => nameof(SLstmCudaFloatScan);

        public override Tensor forward(AutogradContext context, params object[] inputs)
        {
            using var scope = NewDisposeScope();
            var (inputForget, recurrent) = ((Tensor)inputs[0], (Tensor)inputs[2]);
            var kept = empty([.. inputForget.shape[..3], Kept, recurrent.shape[1]], ScalarType.Float32, inputForget.device);
            var output = Run(inputForget, (Tensor)inputs[1], recurrent, (Tensor)inputs[3], null, kept);
            context.set_materialize_grads(false);
            context.save_for_backward([recurrent, output.detach().MoveToOuterDisposeScope(), kept.MoveToOuterDisposeScope()]);
            return output.MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(AutogradContext context, Tensor gradient) => GradientScope.Run(4, gradient, () =>
        {
            var saved = context.get_saved_variables();
            return Gradients(gradient, saved[0], saved[1], saved[2]);
        });
    }
}
