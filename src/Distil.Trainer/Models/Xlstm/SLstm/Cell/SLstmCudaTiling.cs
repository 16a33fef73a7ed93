using System.Collections.Concurrent;
using Distil.Inference.Cuda;
using Distil.Trainer.Kernels.Launching;

namespace Distil.Trainer.Models.Xlstm.SLstm.Cell;

/// <summary>
/// How <c>slstm.cu</c> divides the work: 8 batch rows of a head are one block's, or those of a cluster whose blocks have some of its units each.
/// </summary>
/// <param name="Size">DH: a multiple of <see cref="Granule"/>.</param>
/// <param name="BlockUnits">Units of a block: all, or fewer, and a head's blocks form a cluster.</param>
internal sealed record SLstmCudaTiling(long Size, int BlockUnits)
{
    /// <summary>Units of a head come in this many.</summary>
    internal const int Granule = 32;

    /// <summary>Batch rows of a block; positions that it fetches ahead, forward and backward. As in the source.</summary>
    private const int Rows = 8, Ahead = 8, Behind = 4;

    /// <summary>R of a larger head does not fit into one multiprocessor's registers.</summary>
    private const int MaxInBlock = 128;

    /// <summary>
    /// Fewest units of a block in a cluster: a warp for each of a multiprocessor's four schedulers. Clusters have at most 8 blocks on every card.
    /// </summary>
    private const int MinInCluster = 32, MaxInCluster = 8 * MinInCluster;

    /// <summary>A cluster's start and end take as long as some positions.</summary>
    private const int ShortestForCluster = 16;

    private static readonly ConcurrentDictionary<SLstmCudaTiling, CudaProgram> Programs = new();

    /// <value>Blocks that share a head; 1 is no cluster.</value>
    internal int Cluster => (int)(Size / BlockUnits);

    /// <value>The source compiled for it.</value>
    internal CudaProgram Program => Programs.GetOrAdd(this, form => new("slstm.cu", $"HEAD_SIZE={form.Size}", $"BLOCK_UNITS={form.BlockUnits}"));

    /// <summary>
    /// The largest clusters whose blocks all have a multiprocessor of their own: more blocks wait for fewer products at each step, but two on one
    /// multiprocessor wait for each other. One block for each head if the rows fill the card, and on cards without clusters. Null if a head fits neither.
    /// </summary>
    /// <param name="card">The card.</param>
    /// <param name="size">DH.</param>
    /// <param name="heads">NH.</param>
    /// <param name="batch">B.</param>
    /// <param name="length">S.</param>
    /// <param name="blockUnits">Units of a block, if the card allows them; null for the fastest.</param>
    internal static SLstmCudaTiling? For(CudaCard card, long size, long heads, long batch, long length, int? blockUnits = null)
    {
        var wide = (size + Granule - 1) / Granule * Granule;
        SLstmCudaTiling block = new(wide, (int)wide);
        var clusters = card.HasClusters && wide <= MaxInCluster
            ? Enumerable.Range(1, (int)(wide / MinInCluster) - 1).Select(parts => new SLstmCudaTiling(wide, parts * MinInCluster))
                .Where(form => wide % form.BlockUnits == 0 && form.Fits(card)).ToArray()
            : [];
        if (blockUnits is not null)
        {
            return clusters.FirstOrDefault(form => form.BlockUnits == blockUnits) ?? block;
        }

        if (wide > MaxInBlock || !block.Fits(card))
        {
            return clusters.FirstOrDefault();
        }

        return length < ShortestForCluster ? block : clusters.FirstOrDefault(form => heads * Groups(batch) * form.Cluster <= card.Multiprocessors) ?? block;
    }

    /// <summary>The shape of what a forward scan saves: 16 bytes for each unit and row, (NH, ⌈B/8⌉, S, blocks, 8 · units of a block, 4) float32.</summary>
    internal long[] Records(long heads, long batch, long length) => [heads, Groups(batch), length, Cluster, Rows * BlockUnits, 4];

    /// <summary>The tiling that made records.</summary>
    internal static SLstmCudaTiling OfRecords(long[] shape, long size) => new(size, (int)shape[4] / Rows);

    /// <summary>Blocks along y, each with as many batch rows as a tensor core takes.</summary>
    internal static int Groups(long batch) => (int)((batch + Rows - 1) / Rows);

    /// <summary>Launch of a forward kernel.</summary>
    internal LaunchShape Forward(long heads, long batch) => Shape(heads, batch, ForwardShared);

    /// <summary>Launch of the backward kernel.</summary>
    internal LaunchShape Backward(long heads, long batch) => Shape(heads, batch, BackwardShared);

    private LaunchShape Shape(long heads, long batch, long shared) =>
        new(heads * Cluster, 4 * BlockUnits, GridY: Groups(batch), SharedBytes: (int)shared, Cluster: Cluster);

    private bool Fits(CudaCard card) => Math.Max(ForwardShared, BackwardShared) <= card.SharedBytes;

    /// <summary>Two of h, rows padded by 16 bytes; barriers; the ring of positions.</summary>
    private long ForwardShared => (2 * Rows * (2 * Size + 16)) + 16 + (Ahead * Rows * 8 * BlockUnits);

    /// <summary>Two of the gates' gradients; barriers; what pairs of warps exchange; the rings of records and of h's gradient.</summary>
    private long BackwardShared => (2 * Rows * (8 * Size + 16)) + 16 + (32 * BlockUnits) + (Behind * BlockUnits * ((4 * 32) + (2 * Rows)));
}
