namespace Distil.Inference.Cuda;

/// <summary>The number and grouping of the threads that run a kernel.</summary>
/// <param name="GridX">Blocks along x, ≥ 1.</param>
/// <param name="Threads">Threads in a block, ≥ 1.</param>
/// <param name="GridY">Blocks along y.</param>
/// <param name="GridZ">Blocks along z.</param>
/// <param name="SharedBytes">Dynamic shared memory of a block.</param>
/// <param name="Cluster">Blocks along x that form a cluster; 1 for none. Divides <paramref name="GridX"/>.</param>
/// <param name="Overlaps">Whether the kernel may begin before the one in front of it in the stream has ended, and waits for its results itself
/// (<c>griddepcontrol.wait</c>; compute capability 9.0).</param>
internal readonly record struct LaunchShape(long GridX, int Threads, int GridY = 1, int GridZ = 1, int SharedBytes = 0, int Cluster = 1, bool Overlaps = false)
{
    /// <summary>Returns a shape with at least one thread for each of <paramref name="items"/>.</summary>
    internal static LaunchShape For(long items, int threads = 256) => new((items + threads - 1) / threads, threads);

    public override string ToString() =>
        $"grid {GridX}×{GridY}×{GridZ}, {Threads} threads, {SharedBytes} bytes shared{(Cluster > 1 ? $", clusters of {Cluster}" : "")}";
}
