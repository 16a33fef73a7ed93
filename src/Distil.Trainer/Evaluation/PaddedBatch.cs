using static TorchSharp.torch;

namespace Distil.Trainer.Evaluation;

/// <summary>Rows that a model reads together, padded at their ends: in a causal model, later tokens do not change earlier positions.</summary>
/// <param name="Ids">The tokens, (B, S), on the CPU.</param>
/// <param name="Positions">The flat positions that predict a real token, (N), on the CPU.</param>
/// <param name="Labels">The tokens that they predict, N.</param>
/// <param name="Rows">The row of each position, (N), on the CPU.</param>
internal sealed record PaddedBatch(Tensor Ids, Tensor Positions, long[] Labels, Tensor Rows)
{
    /// <summary>Pads a batch.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="skip">Positions at the beginning of a row that are not predicted from.</param>
    internal static PaddedBatch Of(EvaluationRow[] batch, int skip)
    {
        var length = batch.Max(row => row.Ids.Length);
        var ids = new long[batch.Length * length];
        List<long> positions = [], labels = [], rows = [];
        for (var b = 0; b < batch.Length; b++)
        {
            batch[b].Ids.CopyTo(ids, b * length);
            foreach (var s in batch[b].Positions(skip))
            {
                positions.Add(b * length + s);
                labels.Add(batch[b].Ids[s + 1]);
                rows.Add(b);
            }
        }

        return new(tensor(ids, batch.Length, length), tensor(positions.ToArray()), labels.ToArray(), tensor(rows.ToArray()));
    }
}
