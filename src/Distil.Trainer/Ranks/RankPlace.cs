namespace Distil.Trainer.Ranks;

/// <summary>A process's place in a group, and how the group is joined.</summary>
/// <param name="Rank">Its number, ≥ 1.</param>
/// <param name="Count">Number of processes.</param>
/// <param name="SharedFile">The file of a group on the CPU; null for one of GPUs.</param>
/// <param name="NcclId">The address of a group of GPUs; null for one on the CPU.</param>
internal sealed record RankPlace(int Rank, int Count, string? SharedFile = null, byte[]? NcclId = null)
{
    /// <summary>Joins the group and waits for the others.</summary>
    internal IRankGroup Join(RankWatch watch) => NcclId is not null
        ? new NcclGroup(NcclId, Rank, Count, watch)
        : new SharedMemoryGroup(SharedFile!, Rank, Count, watch);
}
