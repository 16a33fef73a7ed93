using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm.SLstm.Cell;
using static Distil.Trainer.Commands.Checks.Inputs;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands.Checks;

/// <summary>The sLSTM scan on a GPU: divided as card and shape decide, in one block, in clusters, and in pieces that a state joins.</summary>
internal static class SlstmChecks
{
    /// <value>All checks.</value>
    internal static IReadOnlyList<KernelCheck> All { get; } =
    [
        Scan(8, 512, 12, 128), Scan(64, 128, 12, 128), Scan(8, 128, 4, 32), Scan(3, 33, 2, 48), Scan(17, 20, 3, 96), Scan(1, 2, 1, 64),
        Scan(8, 512, 12, 128, 128), Scan(3, 33, 2, 96, 96), Scan(9, 70, 2, 256) with { NeedsClusters = true },
        Forms(8, 512, 12, 128), Forms(17, 33, 2, 96), Forms(1, 1, 1, 64), Forms(9, 2, 3, 128),
        Pieces(9, 70, 2, 128), Pieces(3, 70, 2, 40),
        Float(8, 512, 12, 128), Float(3, 33, 2, 40), Float(17, 20, 2, 192), Float(1, 2, 1, 64),
    ];

    private static KernelCheck Scan(int batch, int length, int heads, int size, int? units = null) => Of(
        Kernel.SLstmScanCuda, units is null ? "" : ", one block", batch, length, heads, size,
        x => new SLstmCudaScan(units).Forward(x, null),
        x => SLstmPlainScan.Forward(x));

    /// <summary>A cluster makes every sum in the order in which one block does.</summary>
    private static KernelCheck Forms(int batch, int length, int heads, int size)
    {
        Func<SLstmScanInputs, Tensor> In(int units) => x => new SLstmCudaScan(units).Forward(
            x with { InputForget = x.InputForget.to(ScalarType.BFloat16), CellOutput = x.CellOutput.to(ScalarType.BFloat16) }, null).to(ScalarType.Float32);
        return Of(Kernel.SLstmScanCuda, ", clusters against one block", batch, length, heads, size,
            In(32), In(size)) with { NeedsClusters = true, Tolerance = 0 };
    }

    private static KernelCheck Float(int batch, int length, int heads, int size) => Of(
        Kernel.SLstmScanCudaFloat, " in float32", batch, length, heads, size,
        x => SLstmCudaFloatScan.Instance.Forward(
            x with { InputForget = x.InputForget.to(ScalarType.Float32), CellOutput = x.CellOutput.to(ScalarType.Float32) }, null),
        x => SLstmPlainScan.Forward(x)) with
    {
        Tolerance = 1e-4,
        ToleranceOf = input => input < 2 ? KernelCheck.Rounding : 1e-4, // the first two gradients are rounded to the inputs' bfloat16
    };

    private static KernelCheck Pieces(int batch, int length, int heads, int size) => Of(
        Kernel.SLstmScanCuda, " in pieces", batch, length, heads, size,
        x =>
        {
            using var frozen = no_grad();
            using var state = SLstmState.Start(batch, heads, size, CUDA);
            var first = length / 2;
            Tensor Piece(int from, int count) => SLstmCudaScan.Instance.Forward(
                x with { InputForget = x.InputForget.narrow(2, from, count), CellOutput = x.CellOutput.narrow(2, from, count) }, state);
            return cat([Piece(0, first), Piece(first, 1), Piece(first + 1, length - first - 1)], 1);
        },
        x =>
        {
            using var frozen = no_grad();
            return SLstmPlainScan.Forward(x);
        });

    private static KernelCheck Of(
        Kernel kernel, string variant, int batch, int length, int heads, int size,
        Func<SLstmScanInputs, Tensor> fused, Func<SLstmScanInputs, Tensor> plain) => new(
        kernel, $"B {batch}, S {length}, NH {heads}, DH {size}",
        () =>
        [
            Half(1, heads, batch, length, 2 * size), Half(1, heads, batch, length, 2 * size),
            Single(0.3 / Math.Sqrt(size), heads, size, 4 * size), Single(1, heads * 4 * size),
        ],
        x => fused(new(x[0], x[1], x[2], x[3])), x => plain(new(x[0], x[1], x[2], x[3])))
    {
        Variant = variant,
    };
}
