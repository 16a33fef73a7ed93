using static TorchSharp.torch;

namespace Distil.Trainer.Ranks;

/// <summary>Processes of one host that compute a job together, one for each GPU. Every process makes the same calls in the same order.</summary>
public interface IRankGroup : IDisposable
{
    /// <value>This process's number, from 0; process 0 is the job's.</value>
    int Rank { get; }

    /// <value>Number of processes, ≥ 1.</value>
    int Count { get; }

    /// <summary>Replaces values by their sums over all processes: the same bits in each of them.</summary>
    /// <param name="values">Tensors that are contiguous, float32 or float64, of the same lengths in each process, on the group's device.</param>
    /// <exception cref="RankLostException">A process of the group has ended.</exception>
    void Sum(params IReadOnlyList<Tensor> values);

    /// <summary>Replaces values by their sums over all processes, each in one process only; in others they are undefined afterwards.</summary>
    /// <param name="owners">For each of the values, the process that gets the sum.</param>
    /// <param name="values">As for <see cref="Sum"/>.</param>
    /// <exception cref="RankLostException">A process of the group has ended.</exception>
    void SumTo(IReadOnlyList<int> owners, IReadOnlyList<Tensor> values);

    /// <summary>Replaces values by those of one process.</summary>
    /// <param name="owners">For each of the values, the process that has it.</param>
    /// <param name="values">As for <see cref="Sum"/>; also bfloat16.</param>
    /// <exception cref="RankLostException">A process of the group has ended.</exception>
    void Broadcast(IReadOnlyList<int> owners, IReadOnlyList<Tensor> values);

    /// <summary>Throws if a process of the group has ended: what was summed since then is not to be used.</summary>
    /// <exception cref="RankLostException">A process of the group has ended.</exception>
    void ThrowIfLost();
}
