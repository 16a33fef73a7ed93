using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.SLstm.Cell;

/// <summary>
/// A scan over heads whose size is no multiple of the kernel's vectors: units of zero weight fill the last vector. They neither read nor change the others.
/// </summary>
internal static class SLstmPadding
{
    /// <summary>Units that a head lacks to whole granules.</summary>
    internal static long Missing(long size, long granule) => (granule - size % granule) % granule;

    /// <summary>Runs a scan over heads of <paramref name="missing"/> more units and removes these from the result.</summary>
    internal static Tensor Forward(SLstmScan scan, SLstmScanInputs inputs, SLstmState? state, long missing)
    {
        using var scope = NewDisposeScope();
        var (inputForget, cellOutput, recurrent, bias) = inputs;
        var (heads, size) = (recurrent.shape[0], recurrent.shape[1]);
        Tensor Units(Tensor gates) => pad(gates.unflatten(3, [2, size]), [0, missing]).flatten(3);
        var wide = pad(recurrent.view(heads, size, 4, size), [0, missing, 0, 0, 0, missing]).flatten(2);
        var wideBias = pad(bias.view(heads, 4, size), [0, missing]).flatten();
        using var inner = state is null ? null : Widened(state, missing);
        var output = scan(new(Units(inputForget), Units(cellOutput), wide, wideBias), inner).narrow(-1, 0, size);
        if (state is not null)
        {
            Tensor Narrow(Tensor part) => part.narrow(-1, 0, size).contiguous();
            state.Advance(Narrow(inner!.Hidden), Narrow(inner.Cell), Narrow(inner.Normaliser), Narrow(inner.Stabiliser));
        }

        return output.MoveToOuterDisposeScope();
    }

    private static SLstmState Widened(SLstmState state, long missing)
    {
        Tensor Wide(Tensor part) => pad(part, [0, missing]).DetachFromDisposeScope();
        return new(Wide(state.Hidden), Wide(state.Cell), Wide(state.Normaliser), Wide(state.Stabiliser));
    }
}
