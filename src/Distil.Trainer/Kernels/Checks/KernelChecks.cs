using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.MLstm;
using static TorchSharp.torch;

namespace Distil.Trainer.Kernels.Checks;

/// <summary>Every kernel at the shapes of the paper's student and of the sample's, and at ragged ones.</summary>
internal static class KernelChecks
{
    /// <value>All checks.</value>
    internal static IReadOnlyList<KernelCheck> All { get; } =
    [
        .. SlstmChecks.All,
        Mlstm(8, 512, 12, 256, 32), Mlstm(16, 256, 4, 64, 16), Mlstm(2, 700, 3, 64, 32), Mlstm(1, 33, 2, 96, 16), Mlstm(3, 40, 4, 32, 32), Mlstm(1, 4096, 2, 256, 32),
        Convolution(8, 512, 3072, 4), Convolution(3, 37, 130, 4), Convolution(2, 5, 64, 2),
        LayerNorm(4096, 1536), LayerNorm(77, 160),
        HeadNorm(8, 512, 12, 128), HeadNorm(3, 7, 4, 32),
        GatedGelu(4096, 2624), GatedGelu(31, 320),
        .. HeadChecks.All,
        .. StackChecks.All,
    ];

    private static KernelCheck Mlstm(int batch, int length, int heads, int size, int block)
    {
        var width = heads * size;
        Tensor Projection() => Single(1 / Math.Sqrt(block), width / block, block, block);
        Tensor GateWeights() => Single(0.3 / Math.Sqrt(width), heads, 3 * width);
        return new(
            "mLSTM cell", $"B {batch}, S {length}, NH {heads}, DH {size}, blocks of {block}",
            () =>
            {
                // Keys like queries: where q·k sums to nearly 0, h is nearly infinite, and a rounding of q moves it by any amount.
                var query = Projection();
                return
                [
                    Half(1, batch, length, width) + 0.5, Half(1, batch, length, 2 * width), Half(1, batch, length, width), query, query + Projection() * 0.3, Projection(),
                    GateWeights(), GateWeights(), Single(1, heads), Single(1, heads) + 3, Single(0.3, width), Single(1, width),
                ];
            },
            x => MLstmFusedCell.Forward(Of(x)),
            x => MLstmPlainCell.Forward(Of(x)))
        {
            // The forget gate's gradient sums q·dq − k·dk over all later positions, which nearly cancels: what their roundings leave grows with the length.
            ToleranceOf = input => input is not (7 or 9) ? KernelCheck.Rounding : length > 1024 ? 0.2 : 0.04,
            ScaleOf = input => input is 8 or 9 ? input - 2 : input,  // a gate's bias by its weights: the norm of h takes out what it does, and its gradient nearly cancels
        };

        MLstmCellInputs Of(Tensor[] x) => MLstmCellInputs.Of([x[0], x[1].narrow(2, width, width), .. x[2..]]); // half of a wider tensor, as in a block
    }

    private static KernelCheck Convolution(int batch, int length, int width, int taps) => new(
        "convolution + SiLU", $"B {batch}, S {length}, D {width}, K {taps}",
        () => [Half(1, batch, length, 2 * width), Single(0.5, width, 1, taps), Single(0.5, width)],
        x => CudaConvolution.Forward(x[0].narrow(2, width, width), x[1], x[2]),                               // half of a wider tensor, as in an mLSTM block
        x => CausalConvolution.Plain(x[0].narrow(2, width, width), x[1], x[2]));

    private static KernelCheck LayerNorm(int rows, int width) => new(
        "LayerNorm", $"N {rows}, D {width}",
        () => [Single(2, 1, rows, width) + 0.5, Single(0.3, width)],
        x => CudaLayerNorm.Forward(x[0], x[1]),
        x => Norms.Plain(x[0], x[1], ScalarType.Float32));

    private static KernelCheck HeadNorm(int batch, int length, int heads, int size) => new(
        "norm of heads", $"B {batch}, S {length}, NH {heads}, DH {size}",
        () => [Single(1, batch, length, heads * size), Half(0.3, batch, length, heads, size), Single(0.3, heads * size)],
        x => CudaHeadNorm.Forward(x[0], x[1], x[2]),
        x => Norms.PlainHeadsOnto(x[0], x[1], x[2]));

    private static KernelCheck GatedGelu(int rows, int width) => new(
        "GELU gate", $"N {rows}, F {width}",
        () => [Half(1.5, 1, rows, 2 * width)],
        x => CudaGatedGelu.Forward(x[0]),
        x => GatedFeedForward.Gate(x[0], Activations.Of("gelu")));

    internal static Tensor Single(double scale, params long[] shape) => randn(shape, ScalarType.Float32, CUDA) * scale;

    internal static Tensor Half(double scale, params long[] shape) => Single(scale, shape).to(ScalarType.BFloat16);
}
