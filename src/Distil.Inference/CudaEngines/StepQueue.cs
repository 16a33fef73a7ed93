using Distil.Inference.Cuda;

namespace Distil.Inference.CudaEngines;

/// <summary>Queues the kernels of a step, for 1 to 64 rows.</summary>
/// <param name="card">The card.</param>
/// <param name="kernels"><c>decode.cu</c>.</param>
/// <param name="memory">What the kernels share.</param>
/// <param name="sequences">The sequences that they read.</param>
/// <param name="steps">Tokens of each sequence, side by side.</param>
/// <param name="stream">The queue.</param>
internal sealed class StepQueue(CudaCard card, CudaModule kernels, Workspace memory, SequenceTable sequences, int steps, CudaStream stream)
{
    /// <summary>Most rows of a step.</summary>
    internal const int MaxRows = 64;

    private const int Threads = 256;
    private const int TileOutputs = 16;

    /// <value>What the kernels share.</value>
    internal Workspace Memory => memory;

    /// <value>Address of the addresses of the sequences' states.</value>
    internal long States => sequences.States;

    /// <value>Address of the addresses of the sequences' tables of pages; 0 if no layer keeps attention.</value>
    internal long Caches => sequences.Caches;

    /// <value>Number of sequences.</value>
    internal int Sequences => sequences.Count;

    /// <value>Tokens of each sequence.</value>
    internal int Steps => steps;

    /// <value>Number of rows.</value>
    internal int Rows => sequences.Count * steps;

    /// <summary>Queues a kernel.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its threads.</param>
    /// <param name="arguments">As <see cref="CudaFunction.Launch"/>.</param>
    internal void Launch(string name, LaunchShape shape, params ReadOnlySpan<long> arguments) =>
        kernels[name].Launch(shape with { Overlaps = card.HasClusters }, stream.Handle, arguments);

    /// <summary>out = W · x + b, or out += W · x + b, for all rows.</summary>
    /// <param name="matrix">W.</param>
    /// <param name="x">Address of the first row.</param>
    /// <param name="xStride">Values of a row.</param>
    /// <param name="output">Address of the first row.</param>
    /// <param name="outputStride">Values of a row.</param>
    /// <param name="add">Whether the product is added.</param>
    /// <param name="norm">The norm of x that is multiplied instead of x; null for none.</param>
    /// <param name="bias">Address of b; 0 for none.</param>
    internal void Product(
        DeviceMatrix matrix, long x, int xStride, long output, int outputStride, bool add = false, DeviceNorm? norm = null, long bias = 0)
    {
        // Blocks of many outputs read the rows less often, but must be enough for all multiprocessors.
        var tiles = TileRows == 8 ? 2 : 4;
        var wide = matrix.Rows >= 8 * tiles * TileOutputs * card.Multiprocessors;
        var isLong = TileRows == 8 && matrix.Rows <= TileOutputs * card.Multiprocessors;
        var kernel = $"product_{(wide ? "wide_" : isLong ? "long_" : "")}{TileRows}";
        Product(kernel, TileOutputs * (wide ? tiles : 1), matrix, matrix.Rows, x, xStride, norm, bias, output, outputStride, add, activation: 0);
    }

    /// <summary>out = act(gate · x) · (up · x), element by element, for all rows.</summary>
    /// <param name="matrix">gate, then up: (2·F, D).</param>
    /// <param name="x">Address of the first row.</param>
    /// <param name="xStride">Values of a row.</param>
    /// <param name="output">Address of the first row.</param>
    /// <param name="outputStride">Values of a row.</param>
    /// <param name="activation">Index in <see cref="Models.XlstmConfig.ActivationNames"/>.</param>
    /// <param name="norm">As for <see cref="Product(DeviceMatrix, long, int, long, int, bool, DeviceNorm?, long)"/>.</param>
    /// <param name="bias">Address of that of gate, then that of up; 0 for none.</param>
    internal void GatedProduct(
        DeviceMatrix matrix, long x, int xStride, long output, int outputStride, int activation, DeviceNorm? norm = null, long bias = 0) =>
        Product(
            $"product_gated_{TileRows}", TileOutputs, matrix, matrix.Rows / 2, x, xStride, norm, bias, output, outputStride, add: false, activation);

    /// <summary>The norm of the stream, or of rows as wide.</summary>
    internal void Norm(long scale, int width, long? rows = null) => Launch(
        "layer_norm", new(Rows, Threads, SharedBytes: width * sizeof(float)), rows ?? memory.Stream, memory.Stride, scale, memory.Normed, memory.Stride, width);

    /// <summary>The most likely token of each row becomes its next one.</summary>
    /// <param name="vocabulary">V.</param>
    /// <param name="listed">Whether the tokens are listed too, step by step.</param>
    internal void Choose(int vocabulary, bool listed)
    {
        FindBest(vocabulary);
        Launch(
            "choose", new(1, 1024),
            memory.Best, memory.BestToken, Workspace.Parts, Rows, memory.Tokens.Address, listed ? memory.Chosen : 0, listed ? memory.Step : 0);
    }

    /// <summary>The largest logit of each part of the vocabulary.</summary>
    /// <param name="vocabulary">V.</param>
    internal void FindBest(int vocabulary) =>
        Launch("choose_parts", new(Workspace.Parts, Threads, Rows), memory.Logits, vocabulary, vocabulary, memory.Best, memory.BestToken);

    /// <summary>The bits of a float, as an argument.</summary>
    private static long Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    private int TileRows => Rows <= 8 ? 8 : Rows <= 16 ? 16 : Rows <= 32 ? 32 : 64;

    private void Product(
        string kernel, int outputsOfBlock, DeviceMatrix matrix, int outputs, long x, int xStride, DeviceNorm? norm, long bias, long output, int outputStride,
        bool add, int activation)
    {
        var (scale, epsilon, width) = norm ?? default;
        Launch(
            norm is null ? kernel : kernel + "_root", new((outputs + outputsOfBlock - 1) / outputsOfBlock, Threads),
            matrix.Address, matrix.Stride, outputs, x, xStride, Rows, scale, Bits(epsilon), width, bias, output, outputStride, add ? 1 : 0, activation);
    }
}

/// <summary>Which sequences a step reads.</summary>
/// <param name="States">Address of the addresses of their states.</param>
/// <param name="Caches">Address of the addresses of their tables of pages; 0 if no layer keeps attention.</param>
/// <param name="Count">How many they are.</param>
internal readonly record struct SequenceTable(long States, long Caches, int Count);
