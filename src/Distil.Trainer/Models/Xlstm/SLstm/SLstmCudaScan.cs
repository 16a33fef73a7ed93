using System.Collections.Concurrent;
using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.Models.Xlstm.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Distil.Trainer.Models.Xlstm.SLstm;

/// <summary>The sLSTM recurrence as one persistent CUDA kernel a direction: bfloat16 in and out, gates and states in float32. Equal to <see cref="SLstmPlainScan"/>.</summary>
/// <remarks>The same input gives the same bits: sums over batch rows are made in a fixed order.</remarks>
internal static class SLstmCudaScan
{
    /// <summary>Batch rows that a block carries; positions that it fetches ahead, forward and backward. As in <c>slstm.cu</c>.</summary>
    private const int Rows = 8, Ahead = 8, Behind = 5;

    /// <summary>Units of a head come in this many.</summary>
    private const int Granule = 32;

    /// <summary>R of a larger head does not fit into one multiprocessor's registers.</summary>
    private const int MostUnits = 128;

    private static readonly ConcurrentDictionary<long, CudaProgram> Programs = new();

    /// <summary>Whether it serves these tensors here; where it does not, a warning says why, once.</summary>
    internal static bool Serves(Tensor inputForget, long size)
    {
        const string name = "the sLSTM scan", cost = "a training step takes some 20 times as long";
        if (inputForget.dtype != ScalarType.BFloat16)
        {
            return inputForget.device_type == DeviceType.CUDA && inputForget.shape[2] > 1
                && KernelSupport.WarnOnce($"{name} runs as plain tensor operations in {inputForget.dtype}; {cost}: training.precision bf16 uses the kernel");
        }

        return KernelSupport.Use(inputForget, name, cost)
            && (size <= MostUnits || KernelSupport.WarnOnce($"{name} runs as plain tensor operations: a head has {size} units, the kernel takes {MostUnits}; {cost}"));
    }

    /// <inheritdoc cref="SLstmPlainScan.Forward"/>
    /// <param name="inputForget">bfloat16, (NH, B, S, 2·DH).</param>
    /// <param name="cellOutput">bfloat16, (NH, B, S, 2·DH).</param>
    /// <param name="recurrent">float32, (NH, DH, 4·DH).</param>
    /// <param name="bias">float32, (NH · 4 · DH).</param>
    /// <param name="state">As there; float32.</param>
    /// <returns>h, bfloat16, (B, S, NH, DH).</returns>
    internal static Tensor Forward(Tensor inputForget, Tensor cellOutput, Tensor recurrent, Tensor bias, SLstmState? state = null)
    {
        using var scope = NewDisposeScope();
        var size = recurrent.shape[1];
        var missing = (Granule - size % Granule) % Granule;
        if (missing > 0) { return SLstmPadding.Forward(Forward, inputForget, cellOutput, recurrent, bias, state, missing).MoveToOuterDisposeScope(); }

        if (state is null && is_grad_enabled()) { return Function.apply(inputForget, cellOutput, recurrent, bias).MoveToOuterDisposeScope(); }

        var (heads, batch, length) = (inputForget.shape[0], (int)inputForget.shape[1], (int)inputForget.shape[2]);
        var output = empty([batch, length, heads, size], ScalarType.BFloat16, inputForget.device);
        Programs.GetOrAdd(size, Compiled)["slstm_forward"].Launch(
            Shape(heads, batch, size, ForwardShared(size)),
            inputForget.contiguous(), cellOutput.contiguous(), recurrent.contiguous(), bias.contiguous(), output,
            state?.Hidden, state?.Cell, state?.Normaliser, state?.Stabiliser, batch, length);
        return output.MoveToOuterDisposeScope();
    }

    private static CudaProgram Compiled(long size) => new("slstm.cu", $"HEAD_SIZE={size}");

    private static LaunchShape Shape(long heads, long batch, long size, long shared) =>
        new(heads, (int)(4 * size), GridY: (int)((batch + Rows - 1) / Rows), SharedBytes: (int)shared);

    /// <summary>The ring of positions and two of h; a row's four gates and its h are padded by 16 bytes.</summary>
    private static long ForwardShared(long size) => Rows * (Ahead * (8 * size + 16) + 2 * (2 * size + 16));

    /// <summary>The ring (gates, c, n, m, gradient of h), two of the gates' gradients, and what pairs of warps exchange.</summary>
    private static long BackwardShared(long size) =>
        Rows * (Behind * (8 * size + 16 + 3 * (4 * size + 16) + 2 * size + 16) + 2 * (8 * size + 16)) + 32 * size;

    private static List<Tensor> Gradients(Tensor gradient, Tensor recurrent, Tensor output, Tensor gates, Tensor cell, Tensor normaliser, Tensor stabiliser)
    {
        var (heads, batch, length, size) = (cell.shape[0], (int)cell.shape[1], (int)cell.shape[2], cell.shape[3]);
        var shape = Shape(heads, batch, size, BackwardShared(size));
        var inputForget = empty([heads, batch, length, 2 * size], ScalarType.BFloat16, cell.device);
        var cellOutput = empty_like(inputForget);
        var biases = empty([shape.GridY, heads * 4 * size], ScalarType.Float32, cell.device);
        Programs.GetOrAdd(size, Compiled)["slstm_backward"].Launch(
            shape, gradient.to(ScalarType.BFloat16).contiguous(), gates, cell, normaliser, stabiliser, recurrent.contiguous(), inputForget, cellOutput, biases, batch, length);

        // dR = Σ h(t−1)ᵀ·d gates(t): a matrix product over all rows and positions, (NH, DH, B·S)·(NH, B·S, 2·DH).
        var former = zeros_like(output);
        former.narrow(1, 1, length - 1).copy_(output.narrow(1, 0, length - 1)).Dispose();
        var columns = former.view(-1, heads, size).permute(1, 2, 0);
        Tensor Product(Tensor gradients) => columns.bmm(gradients.view(heads, -1, 2 * size)).to(ScalarType.Float32);
        return [inputForget, cellOutput, cat([Product(inputForget), Product(cellOutput)], -1), biases.sum([0L])];
    }

    private sealed class Function : SingleTensorFunction<Function>
    {
        public override string Name => nameof(SLstmCudaScan);

        public override Tensor forward(AutogradContext context, params object[] inputs)
        {
            using var scope = NewDisposeScope();
            var (inputForget, cellOutput, recurrent, bias) = ((Tensor)inputs[0], (Tensor)inputs[1], (Tensor)inputs[2], (Tensor)inputs[3]);
            var (heads, batch, length, size) = (inputForget.shape[0], (int)inputForget.shape[1], (int)inputForget.shape[2], recurrent.shape[1]);
            var output = empty([batch, length, heads, size], ScalarType.BFloat16, inputForget.device);
            var gates = empty([heads, batch, length, 4 * size], ScalarType.BFloat16, inputForget.device);
            Tensor Kept() => empty([heads, batch, length, size], ScalarType.Float32, inputForget.device);
            var (cell, normaliser, stabiliser) = (Kept(), Kept(), Kept());
            Programs.GetOrAdd(size, Compiled)["slstm_forward_keeping"].Launch(
                Shape(heads, batch, size, ForwardShared(size)),
                inputForget.contiguous(), cellOutput.contiguous(), recurrent.contiguous(), bias.contiguous(), output, gates, cell, normaliser, stabiliser, batch, length);
            context.set_materialize_grads(false);
            context.save_for_backward(
            [
                recurrent, output.detach().MoveToOuterDisposeScope(), gates.MoveToOuterDisposeScope(),
                cell.MoveToOuterDisposeScope(), normaliser.MoveToOuterDisposeScope(), stabiliser.MoveToOuterDisposeScope(),
            ]);
            return output.MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(AutogradContext context, Tensor gradient) => GradientScope.Run(4, gradient, () =>
        {
            var saved = context.get_saved_variables();
            return Gradients(gradient, saved[0], saved[1], saved[2], saved[3], saved[4], saved[5]);
        });
    }
}
