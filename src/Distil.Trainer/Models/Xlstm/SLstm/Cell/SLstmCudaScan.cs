using Distil.Trainer.Kernels;
using Distil.Trainer.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Distil.Trainer.Models.Xlstm.SLstm.Cell;

/// <summary>The sLSTM recurrence as one persistent CUDA kernel a direction: bfloat16 in and out, gates and states in float32. Equal to <see cref="SLstmPlainScan"/>.</summary>
/// <remarks>The same input gives the same bits, in whichever form: sums are made in a fixed order.</remarks>
internal static class SLstmCudaScan
{
    /// <summary>Whether it serves these tensors here; where it does not, a warning says why, once.</summary>
    internal static bool Serves(Tensor inputForget, long size)
    {
        const string name = "the sLSTM scan", cost = "a training step takes some 20 times as long";
        return inputForget.dtype == ScalarType.BFloat16 && CudaRuntime.Use(inputForget, name, cost) && (FormOf(inputForget, size) is not null || CudaRuntime.WarnOnce(
            $"{name} runs as plain tensor operations: a head has {size} units, for which {CudaRuntime.Card.Name} has no room (a block takes 128, a cluster, from sm_90 on, 256); {cost}"));
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
        var size = recurrent.size(1);
        var missing = SLstmPadding.Missing(size, SLstmCudaTiling.Granule);
        if (missing > 0)
        {
            return SLstmPadding.Forward(Forward, inputForget, cellOutput, recurrent, bias, state, missing).MoveToOuterDisposeScope();
        }

        if (state is null && is_grad_enabled())
        {
            return Function.apply(inputForget, cellOutput, recurrent, bias).MoveToOuterDisposeScope();
        }

        var (heads, batch, length) = (inputForget.size(0), (int)inputForget.size(1), (int)inputForget.size(2));
        var output = empty([batch, length, heads, size], ScalarType.BFloat16, inputForget.device);
        var form = FormOf(inputForget, size)!;
        form.Program["slstm_forward"].Launch(
            form.Forward(heads, batch),
            inputForget.contiguous(), cellOutput.contiguous(), recurrent.contiguous(), bias.contiguous(), output,
            state?.Hidden, state?.Cell, state?.Normaliser, state?.Stabiliser, batch, length);
        return output.MoveToOuterDisposeScope();
    }

    /// <summary>As <see cref="Forward"/> from the start, heads of whole granules, with what <see cref="Gradients"/> needs.</summary>
    internal static (Tensor Output, Tensor Records) Keeping(Tensor inputForget, Tensor cellOutput, Tensor recurrent, Tensor bias)
    {
        var (heads, batch, length, size) = (inputForget.size(0), (int)inputForget.size(1), (int)inputForget.size(2), recurrent.size(1));
        var output = empty([batch, length, heads, size], ScalarType.BFloat16, inputForget.device);
        var form = FormOf(inputForget, size)!;
        var records = empty(form.Records(heads, batch, length), ScalarType.Float32, inputForget.device);
        form.Program["slstm_forward_keeping"].Launch(
            form.Forward(heads, batch), inputForget.contiguous(), cellOutput.contiguous(), recurrent.contiguous(), bias.contiguous(), output, records, batch, length);
        return (output, records);
    }

    private static SLstmCudaTiling? FormOf(Tensor inputForget, long size) =>
        SLstmCudaTiling.For(CudaRuntime.Card, size, inputForget.size(0), inputForget.size(1), inputForget.size(2));

    /// <summary>Gradients of the inputs, in their order.</summary>
    internal static List<Tensor> Gradients(Tensor gradient, Tensor recurrent, Tensor output, Tensor records)
    {
        var (batch, length, heads, size) = ((int)output.size(0), (int)output.size(1), output.size(2), output.size(3));
        var inputForget = empty([heads, batch, length, 2 * size], ScalarType.BFloat16, output.device);
        var cellOutput = empty_like(inputForget);
        var biases = empty([SLstmCudaTiling.Groups(batch), heads * 4 * size], ScalarType.Float32, output.device);
        var form = SLstmCudaTiling.OfRecords(records.shape, size);
        form.Program["slstm_backward"].Launch(
            form.Backward(heads, batch), gradient.to(ScalarType.BFloat16).contiguous(), records, recurrent.contiguous(), inputForget, cellOutput, biases, batch, length);
        return [inputForget, cellOutput, SLstmCudaFloatScan.OfRecurrent(output, inputForget, cellOutput), biases.sum([0L])];
    }

    private sealed class Function : SingleTensorFunction<Function>
    {
        public override string Name => nameof(SLstmCudaScan);

        public override Tensor forward(AutogradContext context, params object[] inputs)
        {
            using var scope = NewDisposeScope();
            var recurrent = (Tensor)inputs[2];
            var (output, records) = Keeping((Tensor)inputs[0], (Tensor)inputs[1], recurrent, (Tensor)inputs[3]);
            context.set_materialize_grads(false);
            context.save_for_backward([recurrent, output.detach().MoveToOuterDisposeScope(), records.MoveToOuterDisposeScope()]);
            return output.MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(AutogradContext context, Tensor gradient) => GradientScope.Run(4, gradient, () =>
        {
            var saved = context.get_saved_variables();
            return Gradients(gradient, saved[0], saved[1], saved[2]);
        });
    }
}
