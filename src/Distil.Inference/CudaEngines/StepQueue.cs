using Distil.Inference.Cuda;

namespace Distil.Inference.CudaEngines;

/// <summary>Queues the kernels of a step, for 1 to 64 rows.</summary>
/// <param name="card">The card.</param>
/// <param name="kernels"><c>decode.cu</c>.</param>
/// <param name="memory">What the kernels share.</param>
/// <param name="states">Address of the addresses of the rows' states.</param>
/// <param name="rows">Number of rows.</param>
/// <param name="stream">The queue.</param>
internal sealed class StepQueue(CudaCard card, CudaModule kernels, Workspace memory, long states, int rows, CudaStream stream)
{
    /// <summary>Most rows of a step.</summary>
    internal const int MaxRows = 64;

    private const int ProductThreads = 256;
    private const int TileRows = 16;

    /// <value>What the kernels share.</value>
    internal Workspace Memory => memory;

    /// <value>Address of the addresses of the rows' states.</value>
    internal long States => states;

    /// <value>Number of rows.</value>
    internal int Rows => rows;

    /// <summary>Queues a kernel.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its threads.</param>
    /// <param name="arguments">As <see cref="CudaFunction.Launch"/>.</param>
    internal void Launch(string name, LaunchShape shape, params ReadOnlySpan<long> arguments) =>
        kernels[name].Launch(shape with { Overlaps = card.HasClusters }, stream.Handle, arguments);

    /// <summary>out = W · x, or out += W · x, for all rows.</summary>
    internal void Product(DeviceMatrix weights, long x, int xStride, long output, int outputStride, bool add = false)
    {
        var tileRows = rows <= 8 ? 8 : rows <= 16 ? 16 : rows <= 32 ? 32 : 64;
        // Blocks of many outputs read the rows less often, but must be enough for all multiprocessors.
        var tiles = tileRows == 8 ? 2 : 4;
        var wide = weights.Rows >= 8 * tiles * TileRows * card.Multiprocessors;
        var outputs = TileRows * (wide ? tiles : 1);
        Launch(
            $"product_{(wide ? "wide_" : "")}{tileRows}", new((weights.Rows + outputs - 1) / outputs, ProductThreads),
            weights.Address, weights.Stride, weights.Rows, x, xStride, rows, output, outputStride, add ? 1 : 0);
    }

    /// <summary>The norm of the stream.</summary>
    internal void Norm(long scale, int width) =>
        Launch("layer_norm", new(rows, ProductThreads, SharedBytes: width * sizeof(float)), memory.Stream, memory.Stride, scale, memory.Normed, memory.Stride, width);
}
