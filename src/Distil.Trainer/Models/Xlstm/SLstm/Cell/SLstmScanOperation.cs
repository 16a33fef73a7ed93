using Distil.Trainer.Kernels;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.SLstm.Cell;

/// <summary>
/// The sLSTM's recurrence as a kernel: over a whole sequence with its backward pass, or from a state on without. Heads are padded to whole vectors.
/// </summary>
/// <param name="granule">Units of a head come in multiples of this.</param>
internal abstract class SLstmScanOperation<TSaved>(int granule) : FusedOperation<SLstmScanInputs, TSaved, Tensor>
    where TSaved : class
{
    /// <summary>An <see cref="SLstmScan"/>.</summary>
    internal Tensor Forward(SLstmScanInputs inputs, SLstmState? state)
    {
        using var scope = NewDisposeScope();
        var missing = SLstmPadding.Missing(inputs.Size, granule);
        return (missing > 0 ? SLstmPadding.Forward(Forward, inputs, state, missing) : state is null ? Forward(inputs) : Run(inputs, state))
            .MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    internal sealed override Tensor Run(SLstmScanInputs inputs) => Run(inputs, state: null);

    /// <summary>The forward pass alone, over heads of whole granules.</summary>
    protected abstract Tensor Run(SLstmScanInputs inputs, SLstmState? state);
}
