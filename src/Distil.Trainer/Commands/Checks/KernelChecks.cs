using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.MLstm.Cell;
using Distil.Trainer.Models.Xlstm.MLstm.Up;
using Distil.Trainer.Models.Xlstm.SLstm.FeedForward;
using Distil.Trainer.Torch;
using static Distil.Trainer.Commands.Checks.Inputs;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands.Checks;

/// <summary>Every kernel at the shapes of the paper's student and of the sample's, and at ragged ones.</summary>
internal static class KernelChecks
{
    /// <value>All checks.</value>
    internal static IReadOnlyList<KernelCheck> All { get; } =
    [
        .. CpuChecks.All,
        .. SlstmChecks.All,
        Mlstm(8, 512, 12, 256, 32), Mlstm(16, 256, 4, 64, 16), Mlstm(2, 700, 3, 64, 32), Mlstm(1, 33, 2, 96, 16),
        Mlstm(3, 40, 4, 32, 32), Mlstm(1, 4096, 2, 256, 32),
        Convolution(8, 512, 3072, 4), Convolution(3, 37, 130, 4), Convolution(2, 5, 64, 2),
        LayerNorm(4096, 1536), LayerNorm(77, 160),
        HeadNorm(8, 512, 12, 128), HeadNorm(3, 7, 4, 32),
        Headwise(8, 512, 12, 128), Headwise(3, 7, 4, 32), GatedUp(8, 512, 1536, 2624), GatedUp(1, 31, 64, 128), Up(8, 512, 1536, 3072), Up(2, 37, 64, 128),
        .. HeadChecks.All,
        .. TeacherChecks.All,
        .. OptimizerChecks.All,
        .. StackChecks.All,
        .. LinearisedChecks.All,
    ];

    private static KernelCheck Mlstm(int batch, int length, int heads, int size, int block)
    {
        var width = heads * size;
        Tensor Projection() => Single(1 / Math.Sqrt(block), width / block, block, block);
        Tensor GateWeights() => Single(0.3 / Math.Sqrt(width), heads, 3 * width);
        return new(
            Kernel.MLstmCellCuda, $"B {batch}, S {length}, NH {heads}, DH {size}, blocks of {block}",
            () =>
            {
                // Keys like queries: where q·k sums to nearly 0, h is nearly infinite, and a rounding of q moves it by any amount.
                var query = Projection();
                return
                [
                    Half(1, batch, length, width) + 0.5, Half(1, batch, length, 2 * width),
                    Half(1, batch, length, width), query, query + Projection() * 0.3, Projection(),
                    GateWeights(), GateWeights(), Single(1, heads), Single(1, heads) + 3, Single(0.3, width), Single(1, width),
                ];
            },
            x => MLstmCudaCell.Instance.Forward(Of(x)),
            x => MLstmPlainCell.Forward(Of(x)))
        {
            // Sums that cancel: those of the forget gate's weights and bias, in some draws (with 33 positions the bias's median is 0.5 %, and 3 % of the draws
            // exceed 4 %); and almost all of the input gate's, because the norm of h removes its effect: its error is taken relative to the gradient of its weights.
            Cancels = input => input is 7 or 9,
            ScaleOf = input => input == 8 ? 6 : input,
        };

        // half of a wider tensor, as in a block
        MLstmCellInputs Of(Tensor[] x) => TensorRecord.Build<MLstmCellInputs>([x[0], x[1].narrow(2, width, width), .. x[2..]]);
    }

    private static KernelCheck Convolution(int batch, int length, int width, int taps) => new(
        Kernel.ConvolutionCuda, $"B {batch}, S {length}, D {width}, K {taps}",
        () => [Half(1, batch, length, 2 * width), Single(0.5, width, 1, taps), Single(0.5, width)],
        x => CudaConvolution.Instance.Forward(new(x[0].narrow(2, width, width), x[1], x[2])),                // half of a wider tensor
        x => CausalConvolution.Plain(new(x[0].narrow(2, width, width), x[1], x[2]), ScalarType.Float32));

    private static KernelCheck LayerNorm(int rows, int width) => new(
        Kernel.LayerNormCuda, $"N {rows}, D {width}",
        () => [Single(2, 1, rows, width) + 0.5, Single(0.3, width)],
        x => CudaLayerNorm.Instance.Forward(new(x[0], x[1])),
        x => Norms.Layer(new(x[0], x[1]), ScalarType.Float32));

    private static KernelCheck HeadNorm(int batch, int length, int heads, int size) => new(
        Kernel.HeadNormCuda, $"B {batch}, S {length}, NH {heads}, DH {size}",
        () => [Single(1, batch, length, heads * size), Half(0.3, batch, length, heads, size), Single(0.3, heads * size)],
        x => CudaHeadNorm.Instance.Forward(new(x[0], x[1], x[2])),
        x => Norms.HeadsOnto(new(x[0], x[1], x[2])));

    private static KernelCheck Headwise(int batch, int length, int heads, int size) => new(
        Kernel.NormedHeadwiseCuda, $"B {batch}, S {length}, NH {heads}, DH {size}",
        () => [Single(2, batch, length, heads * size) + 0.5, Single(0.3, heads * size), Single(1 / Math.Sqrt(size), heads, 2 * size, size)],
        x => Together(CudaNormedHeadwise.Instance.Forward(new(x[0], x[1], x[2]))),
        x => Together(NormedHeadwise.Plain(new(x[0], x[1], x[2]), ScalarType.Float32)));

    private static KernelCheck GatedUp(int batch, int length, int width, int inner) => new(
        Kernel.FeedForwardUpCuda, $"B {batch}, S {length}, D {width}, F {inner}",
        () => [Single(2, batch, length, width) + 0.5, Single(0.3, width), Single(1.5 / Math.Sqrt(width), 2 * inner, width)],
        x => CudaGatedUp.Instance.Forward(new(x[0], x[1], x[2])),
        x => GatedFeedForward.Plain(new(x[0], x[1], x[2]), Activations.Of("gelu"), ScalarType.Float32));

    private static KernelCheck Up(int batch, int length, int width, int inner) => new(
        Kernel.MLstmUpCuda, $"B {batch}, S {length}, D {width}, I {inner}",
        () =>
        [
            Single(2, batch, length, width) + 0.5, Single(0.3, width), Single(1 / Math.Sqrt(width), 2 * inner, width),
            Single(0.5, inner, 1, 4), Single(0.5, inner),
        ],
        x => Together(MLstmCudaUp.Instance.Forward(TensorRecord.Build<MLstmUpInputs>(x))),
        x => Together(
            new MLstmUp(inputs => CausalConvolution.Plain(inputs, ScalarType.Float32), ScalarType.Float32).Forward(TensorRecord.Build<MLstmUpInputs>(x))));

    /// <summary>The tensors of a record as one.</summary>
    private static Tensor Together<T>(T record)
        where T : class => cat([.. TensorRecord.Flatten(record).Select(part => part.flatten())]);
}
