using Distil.Trainer.Ranks;
using static TorchSharp.torch;

namespace Distil.Trainer.Evaluation;

/// <summary>Divides batches among processes, and gives each of them all results.</summary>
internal static class SharedBatches
{
    /// <summary>Whether this process computes a batch.</summary>
    /// <param name="ranks">The processes.</param>
    /// <param name="batch">The batch's number, from 0.</param>
    internal static bool Takes(this IRankGroup ranks, long batch) => batch % ranks.Count == ranks.Rank;

    /// <summary>Completes results of which each process has set those of its batches and left 0 for the others: a sum with zeros is exact.</summary>
    /// <param name="ranks">The processes.</param>
    /// <param name="results">One number or several of each item, in the same order in each process.</param>
    /// <param name="device">The models' device.</param>
    internal static void Complete(this IRankGroup ranks, Span<double> results, Device device)
    {
        if (ranks.Count == 1 || results.IsEmpty)
        {
            return;
        }

        using var scope = NewDisposeScope();
        var all = tensor(results.ToArray()).to(device);
        ranks.Sum(all);
        all.cpu().data<double>().CopyTo(results);
    }
}
