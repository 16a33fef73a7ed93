using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.MLstm.Cell;
using Distil.Trainer.Models.Xlstm.MLstm.Up;
using Distil.Trainer.Models.Xlstm.SLstm.FeedForward;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands.Checks;

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
        Headwise(8, 512, 12, 128), Headwise(3, 7, 4, 32), GatedUp(8, 512, 1536, 2624), GatedUp(1, 31, 64, 128), Up(8, 512, 1536, 3072), Up(2, 37, 64, 128),
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
            x => MLstmCudaCell.Forward(Of(x)),
            x => MLstmPlainCell.Forward(Of(x)))
        {
            // Sums that cancel: the forget gate's bias over a batch; the input gate's nearly whole, for the norm of h takes out what it does: by its weights' gradient.
            ToleranceOf = input => input == 9 ? 2 * KernelCheck.Rounding : KernelCheck.Rounding,
            ScaleOf = input => input == 8 ? 6 : input,
        };

        MLstmCellInputs Of(Tensor[] x) => MLstmCellInputs.Of([x[0], x[1].narrow(2, width, width), .. x[2..]]); // half of a wider tensor, as in a block
    }

    private static KernelCheck Convolution(int batch, int length, int width, int taps) => new(
        "convolution + SiLU", $"B {batch}, S {length}, D {width}, K {taps}",
        () => [Half(1, batch, length, 2 * width), Single(0.5, width, 1, taps), Single(0.5, width)],
        x => CudaConvolution.Forward(x[0].narrow(2, width, width), x[1], x[2]),                               // half of a wider tensor
        x => CausalConvolution.Plain(x[0].narrow(2, width, width), x[1], x[2], ScalarType.Float32));

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

    private static KernelCheck Headwise(int batch, int length, int heads, int size) => new(
        "norm and headwise projection", $"B {batch}, S {length}, NH {heads}, DH {size}",
        () => [Single(2, batch, length, heads * size) + 0.5, Single(0.3, heads * size), Single(1 / Math.Sqrt(size), heads, 2 * size, size)],
        x => Together(NormedHeadwise.Forward(x[0], x[1], x[2], ScalarType.BFloat16)),
        x => Together(NormedHeadwise.Plain(x[0], x[1], x[2], ScalarType.Float32)));

    private static KernelCheck GatedUp(int batch, int length, int width, int inner) => new(
        "feed-forward up", $"B {batch}, S {length}, D {width}, F {inner}",
        () => [Single(2, batch, length, width) + 0.5, Single(0.3, width), Single(1.5 / Math.Sqrt(width), 2 * inner, width)],
        x => CudaGatedUp.Forward(x[0], x[1], x[2]),
        x => GatedFeedForward.PlainUp(x[0], x[1], x[2], Activations.Of("gelu"), ScalarType.Float32));

    private static KernelCheck Up(int batch, int length, int width, int inner) => new(
        "mLSTM up", $"B {batch}, S {length}, D {width}, I {inner}",
        () =>
        [
            Single(2, batch, length, width) + 0.5, Single(0.3, width), Single(1 / Math.Sqrt(width), 2 * inner, width), Single(0.5, inner, 1, 4), Single(0.5, inner),
        ],
        x => Together(MLstmCudaUp.Forward(MLstmUpInputs.Of(x))),
        x => Together(MLstmUp.Plain(MLstmUpInputs.Of(x), ScalarType.Float32)));

    private static Tensor Together(params Tensor[] parts) => cat([.. parts.Select(part => part.flatten())]);

    private static Tensor Together((Tensor First, Tensor Second) parts) => Together(parts.First, parts.Second);

    private static Tensor Together((Tensor First, Tensor Second, Tensor Third) parts) => Together(parts.First, parts.Second, parts.Third);

    internal static Tensor Single(double scale, params long[] shape) => randn(shape, ScalarType.Float32, CUDA) * scale;

    internal static Tensor Half(double scale, params long[] shape) => Single(scale, shape).to(ScalarType.BFloat16);
}
