using static TorchSharp.torch;

namespace Distil.Trainer.Ranks;

/// <summary>A process that computes alone: sums are its own values.</summary>
public sealed class SingleRank : IRankGroup
{
    /// <value>The only instance.</value>
    public static SingleRank Instance { get; } = new();

    private SingleRank()
    {
    }

    /// <inheritdoc />
    public int Rank => 0;

    /// <inheritdoc />
    public int Count => 1;

    /// <inheritdoc />
    public void Sum(params IReadOnlyList<Tensor> values)
    {
    }

    /// <inheritdoc />
    public void SumTo(IReadOnlyList<int> owners, IReadOnlyList<Tensor> values)
    {
    }

    /// <inheritdoc />
    public void Broadcast(IReadOnlyList<int> owners, IReadOnlyList<Tensor> values)
    {
    }

    /// <inheritdoc />
    public void ThrowIfLost()
    {
    }

    /// <inheritdoc />
    public void Dispose()
    {
    }
}
