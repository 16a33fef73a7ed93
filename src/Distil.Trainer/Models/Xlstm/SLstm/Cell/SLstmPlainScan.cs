using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.SLstm.Cell;

/// <summary>
/// The plain form of the sLSTM's recurrence: for any device, and the reference that the kernels are checked against (xLSTM, arXiv 2405.04517, eq. 8–17).
/// </summary>
internal static class SLstmPlainScan
{
    /// <summary>An <see cref="SLstmScan"/> for inputs of any element type; unlike the kernels it records gradients from a state on too.</summary>
    internal static Tensor Forward(SLstmScanInputs inputs, SLstmState? state = null)
    {
        using var scope = NewDisposeScope();
        var (inputForget, cellOutput, recurrent, bias) = inputs;
        var (heads, batch, length, size) = (inputForget.shape[0], inputForget.shape[1], inputForget.shape[2], recurrent.shape[1]);
        using var start = state is null ? SLstmState.Start(batch, heads, size, inputForget.device) : null;
        var from = state ?? start!;
        var hidden = from.Hidden.transpose(0, 1);                                                       // (NH, B, DH)
        var (cell, normaliser, stabiliser) = (from.Cell.transpose(0, 1), from.Normaliser.transpose(0, 1), from.Stabiliser.transpose(0, 1));
        var input = cat([inputForget, cellOutput], -1).to(ScalarType.Float32) + bias.view(heads, 1, 1, 4 * size);              // (NH, B, S, 4·DH)
        var outputs = new Tensor[length];
        for (var t = 0; t < length; t++)
        {
            var gates = (input.select(2, t) + hidden.bmm(recurrent)).chunk(4, -1);                      // each (NH, B, DH)
            var carried = logsigmoid(gates[1]) + stabiliser;
            var newStabiliser = maximum(gates[0], carried);
            var write = (gates[0] - newStabiliser).exp();                                               // i'
            var keep = (carried - newStabiliser).exp();                                                 // f'
            cell = keep * cell + write * gates[2].tanh();
            normaliser = keep * normaliser + write;
            stabiliser = newStabiliser;
            hidden = gates[3].sigmoid() * cell / normaliser;
            outputs[t] = hidden;
        }

        Tensor Owned(Tensor last) => last.transpose(0, 1).contiguous();
        state?.Advance(Owned(hidden), Owned(cell), Owned(normaliser), Owned(stabiliser));
        return stack(outputs, 2).permute(1, 2, 0, 3).to(inputForget.dtype).MoveToOuterDisposeScope();
    }
}
