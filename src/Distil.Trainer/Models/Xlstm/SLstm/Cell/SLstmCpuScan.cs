using Distil.Inference.Numerics;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.SLstm.Cell;

/// <summary>The sLSTM's recurrence as one scan in C# with its own backward pass: float32 on the CPU. Equal to <see cref="SLstmPlainScan"/>.</summary>
/// <remarks>
/// Threads take pieces of a head and four batch rows, and sums over pieces are made in a fixed order: results do not depend on the number of threads.
/// </remarks>
internal sealed class SLstmCpuScan() : SLstmScanOperation<SLstmCpuScan.Saved>(VectorMath.Width)
{
    /// <value>The operation.</value>
    internal static SLstmCpuScan Instance { get; } = new();

    /// <summary>What the backward pass needs.</summary>
    /// <param name="Recurrent">R.</param>
    /// <param name="Output">h, (B, S, NH, DH).</param>
    /// <param name="Values">Values of each unit and position, (NH, B, S, 7, DH).</param>
    internal sealed record Saved(Tensor Recurrent, Tensor Output, Tensor Values);

    /// <inheritdoc/>
    internal override (Tensor Outputs, Saved Saved) RunSaving(SLstmScanInputs inputs)
    {
        var values = empty([inputs.Heads, inputs.Batch, inputs.Length, SLstmScanShape.Kept, inputs.Size], ScalarType.Float32);
        var output = Scan(inputs, null, values);
        return (output, new(inputs.Recurrent, output.detach(), values));
    }

    /// <inheritdoc/>
    internal override SLstmScanInputs Gradients(Saved saved, Tensor gradients)
    {
        var (recurrent, output, values) = saved;
        var shape = new SLstmScanShape((int)values.shape[0], (int)values.shape[1], (int)values.shape[2], (int)values.shape[4]);
        var dense = TensorMemory.Dense(gradients);
        var transposed = recurrent.transpose(1, 2).contiguous();                                         // (NH, 4·DH, DH)
        var inputForget = empty([shape.Heads, shape.Batch, shape.Length, 2 * shape.Size], ScalarType.Float32);
        var cellOutput = empty_like(inputForget);
        var arrays = new SLstmBackwardKernel.Arrays(
            TensorMemory.Floats(dense), TensorMemory.Floats(values), TensorMemory.Floats(transposed),
            TensorMemory.Floats(inputForget), TensorMemory.Floats(cellOutput));
        Parallel.For(0, shape.Pieces, piece => SLstmBackwardKernel.Run(shape, arrays, piece));

        // dR = Σ h(t−1)ᵀ·d gates(t): a matrix product over all rows and positions, (NH, DH, B·S)·(NH, B·S, 2·DH).
        var former = zeros([shape.Heads, shape.Batch, shape.Length, shape.Size], ScalarType.Float32);
        former.narrow(2, 1, shape.Length - 1).copy_(output.narrow(1, 0, shape.Length - 1).permute(2, 0, 1, 3)).Dispose();
        var columns = former.view(shape.Heads, -1, shape.Size).transpose(1, 2);
        var (first, second) = (inputForget.view(shape.Heads, -1, 2 * shape.Size), cellOutput.view(shape.Heads, -1, 2 * shape.Size));
        var dRecurrent = cat([columns.bmm(first), columns.bmm(second)], -1);                             // (NH, DH, 4·DH)
        var dBias = cat([first.sum(1), second.sum(1)], -1).flatten();                                    // (NH · 4 · DH)
        return new(inputForget, cellOutput, dRecurrent, dBias);
    }

    /// <inheritdoc/>
    protected override Tensor Run(SLstmScanInputs inputs, SLstmState? state) => Scan(inputs, state, values: null);

    /// <param name="inputs">Heads of whole vectors.</param>
    /// <param name="state">Advanced; null starts at the beginning.</param>
    /// <param name="values">Receives what the backward pass needs, (NH, B, S, 7, DH).</param>
    private static Tensor Scan(SLstmScanInputs inputs, SLstmState? state, Tensor? values)
    {
        var shape = new SLstmScanShape(inputs.Heads, inputs.Batch, inputs.Length, inputs.Size);
        var (inputForget, cellOutput, weights, biases) =
            (TensorMemory.Dense(inputs.InputForget), TensorMemory.Dense(inputs.CellOutput),
                TensorMemory.Dense(inputs.Recurrent), TensorMemory.Dense(inputs.Bias));
        var output = empty([shape.Batch, shape.Length, shape.Heads, shape.Size], ScalarType.Float32);
        using var start = state is null ? SLstmState.Start(shape.Batch, shape.Heads, shape.Size, CPU) : null;
        var at = state ?? start!;
        var arrays = new SLstmForwardKernel.Arrays(
            TensorMemory.Floats(inputForget), TensorMemory.Floats(cellOutput), TensorMemory.Floats(weights), TensorMemory.Floats(biases),
            TensorMemory.Floats(output), values is null ? 0 : TensorMemory.Floats(values), TensorMemory.Floats(at.Hidden),
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

        return output;
    }
}
