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

    private const int Threads = 256;
    private const int TileOutputs = 16;

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
    internal void Product(DeviceMatrix matrix, long x, int xStride, long output, int outputStride, bool add = false)
    {
        // Blocks of many outputs read the rows less often, but must be enough for all multiprocessors.
        var tiles = TileRows == 8 ? 2 : 4;
        var wide = matrix.Rows >= 8 * tiles * TileOutputs * card.Multiprocessors;
        var kernel = $"product_{(wide ? "wide_" : "")}{TileRows}";
        Product(kernel, TileOutputs * (wide ? tiles : 1), matrix, matrix.Rows, x, xStride, output, outputStride, add, activation: 0);
    }

    /// <summary>out = act(gate · x) · (up · x), element by element, for all rows.</summary>
    /// <param name="matrix">gate, then up: (2·F, D).</param>
    /// <param name="x">Address of the first row.</param>
    /// <param name="xStride">Values of a row.</param>
    /// <param name="output">Address of the first row.</param>
    /// <param name="outputStride">Values of a row.</param>
    /// <param name="activation">Index in <see cref="Models.XlstmConfig.ActivationNames"/>.</param>
    internal void GatedProduct(DeviceMatrix matrix, long x, int xStride, long output, int outputStride, int activation) =>
        Product($"product_gated_{TileRows}", TileOutputs, matrix, matrix.Rows / 2, x, xStride, output, outputStride, add: false, activation);

    /// <summary>The norm of the stream.</summary>
    internal void Norm(long scale, int width) =>
        Launch("layer_norm", new(rows, Threads, SharedBytes: width * sizeof(float)), memory.Stream, memory.Stride, scale, memory.Normed, memory.Stride, width);

    private int TileRows => rows <= 8 ? 8 : rows <= 16 ? 16 : rows <= 32 ? 32 : 64;

    private void Product(
        string kernel, int outputsOfBlock, DeviceMatrix matrix, int outputs, long x, int xStride, long output, int outputStride, bool add, int activation) =>
        Launch(
            kernel, new((outputs + outputsOfBlock - 1) / outputsOfBlock, Threads),
            matrix.Address, matrix.Stride, outputs, x, xStride, rows, output, outputStride, add ? 1 : 0, activation);
}
