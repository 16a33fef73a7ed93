using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.MLstm.Cell;

/// <summary>Chooses among the equivalent forms of the mLSTM by the sequence's length.</summary>
internal static class MLstmForm
{
    /// <value>Positions in a chunk: at 256 positions the fastest of 32, 64 and 128, forward and backward on two CPU cores (`Distil.Bench mlstm`).</value>
    internal const int Chunk = 64;

    /// <value>Up to this length one parallel piece was faster than chunks in the same measurement.</value>
    internal const int ParallelUpTo = 128;

    /// <inheritdoc cref="MLstmParallel.Forward"/>
    internal static Tensor Forward(Tensor q, Tensor k, Tensor v, Tensor inputGate, Tensor forgetGate, MLstmNormaliser? normaliser = null) =>
        q.shape[2] <= ParallelUpTo
            ? MLstmParallel.Forward(q, k, v, inputGate, forgetGate, normaliser)
            : MLstmChunkwise.Forward(q, k, v, inputGate, forgetGate, Chunk, normaliser: normaliser);

    /// <summary>Reads further positions of a sequence: one by the recurrent step, many in chunks.</summary>
    internal static Tensor Decode(
        Tensor q, Tensor k, Tensor v, Tensor inputGate, Tensor forgetGate, MLstmState state, MLstmNormaliser? normaliser = null)
    {
        if (q.shape[2] > 1)
        {
            return MLstmChunkwise.Forward(q, k, v, inputGate, forgetGate, (int)Math.Min(Chunk, q.shape[2]), state, normaliser);
        }

        using var scope = NewDisposeScope();
        return MLstmRecurrent.Step(q.squeeze(2), k.squeeze(2), v.squeeze(2), inputGate.squeeze(2), forgetGate.squeeze(2), state, normaliser)
            .unsqueeze(2).MoveToOuterDisposeScope();
    }
}
