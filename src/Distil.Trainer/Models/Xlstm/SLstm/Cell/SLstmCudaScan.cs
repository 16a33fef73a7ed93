using Distil.Inference.Cuda;
using Distil.Trainer.Kernels;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.SLstm.Cell;

/// <summary>
/// The sLSTM's recurrence as one persistent CUDA kernel for each direction: bfloat16 in and out, gates and states in float32. Equal to <see
/// cref="SLstmPlainScan"/>.
/// </summary>
/// <remarks>The same input gives the same bits, however the work is divided: sums are made in a fixed order.</remarks>
/// <param name="blockUnits">Units of a head that a block takes, to check and to measure; null for the division that is fastest.</param>
internal sealed class SLstmCudaScan(int? blockUnits = null) : SLstmScanOperation<SLstmCudaScan.Saved>(SLstmCudaTiling.Granule)
{
    /// <value>The operation as the model uses it.</value>
    internal static SLstmCudaScan Instance { get; } = new();

    /// <summary>What the backward pass needs.</summary>
    /// <param name="Recurrent">R.</param>
    /// <param name="Output">h, (B, S, NH, DH).</param>
    /// <param name="Records">As <see cref="SLstmCudaTiling.Records"/> describes them.</param>
    internal sealed record Saved(Tensor Recurrent, Tensor Output, Tensor Records);

    /// <summary>Why a card does not support a head's size; null if it does.</summary>
    internal static string? Limit(CudaCard card, long size) => SLstmCudaTiling.For(card, size, heads: 1, batch: 1, length: 1) is null
        ? $"a head has {size} units, for which {card.Name} has no room (a block supports 128, a cluster, from sm_90 on, 256)"
        : null;

    /// <inheritdoc/>
    internal override (Tensor Outputs, Saved Saved) RunSaving(SLstmScanInputs inputs)
    {
        var (heads, batch, length, size) = (inputs.Heads, inputs.Batch, inputs.Length, inputs.Size);
        var output = empty([batch, length, heads, size], ScalarType.BFloat16, inputs.InputForget.device);
        var form = FormOf(inputs);
        var records = empty(form.Records(heads, batch, length), ScalarType.Float32, inputs.InputForget.device);
        form.Program["slstm_forward_keeping"].Launch(
            form.Forward(heads, batch), inputs.InputForget.contiguous(), inputs.CellOutput.contiguous(),
            inputs.Recurrent.contiguous(), inputs.Bias.contiguous(), output, records, batch, length);
        return (output, new(inputs.Recurrent, output.detach(), records));
    }

    /// <inheritdoc/>
    internal override SLstmScanInputs Gradients(Saved saved, Tensor gradients)
    {
        var (recurrent, output, records) = saved;
        var (batch, length, heads, size) = ((int)output.size(0), (int)output.size(1), output.size(2), output.size(3));
        var inputForget = empty([heads, batch, length, 2 * size], ScalarType.BFloat16, output.device);
        var cellOutput = empty_like(inputForget);
        var biases = empty([SLstmCudaTiling.Groups(batch), heads * 4 * size], ScalarType.Float32, output.device);
        var form = SLstmCudaTiling.OfRecords(records.shape, size);
        form.Program["slstm_backward"].Launch(
            form.Backward(heads, batch), gradients.to(ScalarType.BFloat16).contiguous(), records,
            recurrent.contiguous(), inputForget, cellOutput, biases, batch, length);
        return new(inputForget, cellOutput, SLstmCudaFloatScan.OfRecurrent(output, inputForget, cellOutput), biases.sum([0L]));
    }

    /// <inheritdoc/>
    protected override Tensor Run(SLstmScanInputs inputs, SLstmState? state)
    {
        var (heads, batch, length) = (inputs.Heads, inputs.Batch, inputs.Length);
        var output = empty([batch, length, heads, inputs.Size], ScalarType.BFloat16, inputs.InputForget.device);
        var form = FormOf(inputs);
        form.Program["slstm_forward"].Launch(
            form.Forward(heads, batch),
            inputs.InputForget.contiguous(), inputs.CellOutput.contiguous(), inputs.Recurrent.contiguous(), inputs.Bias.contiguous(), output,
            state?.Hidden, state?.Cell, state?.Normaliser, state?.Stabiliser, batch, length);
        return output;
    }

    private SLstmCudaTiling FormOf(SLstmScanInputs inputs) =>
        SLstmCudaTiling.For(CudaRuntime.Card, inputs.Size, inputs.Heads, inputs.Batch, inputs.Length, blockUnits)!;
}
