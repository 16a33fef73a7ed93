namespace Distil.Trainer.Kernels.Launching;

/// <summary>How many threads run a kernel, and in what groups.</summary>
/// <param name="GridX">Blocks along x, ≥ 1.</param>
/// <param name="Threads">Threads in a block, ≥ 1.</param>
/// <param name="GridY">Blocks along y.</param>
/// <param name="GridZ">Blocks along z.</param>
/// <param name="SharedBytes">Dynamic shared memory of a block.</param>
/// <param name="Cluster">Blocks along x that form a cluster; 1 for none. Divides <paramref name="GridX"/>.</param>
internal readonly record struct LaunchShape(long GridX, int Threads, int GridY = 1, int GridZ = 1, int SharedBytes = 0, int Cluster = 1)
{
    /// <summary>Enough blocks that every one of <paramref name="items"/> has a thread.</summary>
    internal static LaunchShape For(long items, int threads = 256) => new((items + threads - 1) / threads, threads);

    public override string ToString() =>
        $"grid {GridX}×{GridY}×{GridZ}, {Threads} threads, {SharedBytes} bytes shared{(Cluster > 1 ? $", clusters of {Cluster}" : "")}";
}
