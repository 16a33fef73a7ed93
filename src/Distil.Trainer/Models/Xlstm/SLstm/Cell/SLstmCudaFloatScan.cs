using System.Collections.Concurrent;
using Distil.Inference.Cuda;
using Distil.Trainer.Kernels.Launching;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.SLstm.Cell;

/// <summary>The sLSTM's recurrence in float32 as one CUDA kernel for each direction. Equal to <see cref="SLstmPlainScan"/>.</summary>
/// <remarks>
/// Its products use no tensor cores, which would round to 10 bits: it takes several times as long as <see cref="SLstmCudaScan"/>, and a small part of the plain
/// form.
/// </remarks>
internal sealed class SLstmCudaFloatScan() : SLstmScanOperation<SLstmCudaFloatScan.Saved>(Granule)
{
    /// <summary>Batch rows of a block, as in <c>slstm_float.cu</c>, and values that it saves of a unit and step.</summary>
    private const int Rows = 8, Values = 6;

    private const int Granule = 32, MaxUnits = 192;

    private static readonly ConcurrentDictionary<long, CudaProgram> Programs = new();

    /// <value>The operation.</value>
    internal static SLstmCudaFloatScan Instance { get; } = new();

    /// <summary>What the backward pass needs.</summary>
    /// <param name="Recurrent">R.</param>
    /// <param name="Output">h, (B, S, NH, DH).</param>
    /// <param name="Kept">Values of each unit and step, (NH, B, S, 6, DH).</param>
    internal sealed record Saved(Tensor Recurrent, Tensor Output, Tensor Kept);

    /// <summary>Why the kernels do not support a head's size; null if they do.</summary>
    internal static string? Limit(long size) => size <= MaxUnits ? null : $"a head has {size} units; the kernel supports up to {MaxUnits}";

    /// <inheritdoc/>
    internal override (Tensor Outputs, Saved Saved) RunSaving(SLstmScanInputs inputs)
    {
        var kept = empty([inputs.Heads, inputs.Batch, inputs.Length, Values, inputs.Size], ScalarType.Float32, inputs.InputForget.device);
        var output = Run(inputs, null, kept);
        return (output, new(inputs.Recurrent, output.detach(), kept));
    }

    /// <inheritdoc/>
    internal override SLstmScanInputs Gradients(Saved saved, Tensor gradients)
    {
        var (recurrent, output, kept) = saved;
        var (batch, length, heads, size) = ((int)output.shape[0], (int)output.shape[1], output.shape[2], output.shape[3]);
        var shape = Shape(heads, batch, size);
        var inputForget = empty([heads, batch, length, 2 * size], ScalarType.Float32, output.device);
        var cellOutput = empty_like(inputForget);
        var biases = empty([shape.GridY, heads * 4 * size], ScalarType.Float32, output.device);
        Program(size)["slstm_float_backward"].Launch(
            shape, gradients.contiguous(), kept, recurrent.transpose(1, 2).contiguous(), inputForget, cellOutput, biases, batch, length);
        return new(inputForget, cellOutput, OfRecurrent(output, inputForget, cellOutput), biases.sum([0L]));
    }

    /// <summary>dR = Σ h(t−1)ᵀ·d gates(t): a matrix product over all rows and positions, (NH, DH, B·S)·(NH, B·S, 2·DH).</summary>
    /// <param name="output">h, (B, S, NH, DH).</param>
    /// <param name="inputForget">Gradients of i and f, (NH, B, S, 2·DH).</param>
    /// <param name="cellOutput">Pre-activations of z and o.</param>
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

    /// <inheritdoc/>
    protected override Tensor Run(SLstmScanInputs inputs, SLstmState? state) => Run(inputs, state, kept: null);

    private static Tensor Run(SLstmScanInputs inputs, SLstmState? state, Tensor? kept)
    {
        var (heads, batch, length, size) = (inputs.Heads, inputs.Batch, inputs.Length, inputs.Size);
        var output = empty([batch, length, heads, size], ScalarType.Float32, inputs.InputForget.device);
        Program(size)["slstm_float_forward"].Launch(
            Shape(heads, batch, size), inputs.InputForget.contiguous(), inputs.CellOutput.contiguous(),
            inputs.Recurrent.contiguous(), inputs.Bias.contiguous(), output, kept,
            state?.Hidden, state?.Cell, state?.Normaliser, state?.Stabiliser, batch, length);
        return output;
    }

    private static CudaProgram Program(long size) => Programs.GetOrAdd(size, units => new("slstm_float.cu", $"HEAD_SIZE={units}"));

    private static LaunchShape Shape(long heads, int batch, long size) => new(heads, (int)(4 * size), GridY: (batch + Rows - 1) / Rows);
}
