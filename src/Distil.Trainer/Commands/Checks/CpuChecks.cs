using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.SLstm.Cell;
using static Distil.Trainer.Commands.Checks.Inputs;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands.Checks;

/// <summary>The kernels in C#: they compute in float32, like the plain form.</summary>
internal static class CpuChecks
{
    private const double Value = 1e-5, Gradient = 1e-4;

    /// <value>All checks.</value>
    internal static IReadOnlyList<KernelCheck> All { get; } =
    [
        Scan(1, 2, 4, 16), Scan(5, 33, 2, 48), Scan(3, 17, 3, 20), Scan(8, 64, 4, 64),
        Convolution(1, 1, 16, 4), Convolution(3, 40, 52, 4), Convolution(2, 2, 20, 3),
        HeadChecks.Head(Kernel.HeadCpu, 77, 1003, 64, 20) with { Tolerance = Gradient },
        HeadChecks.Head(Kernel.HeadCpu, 40, 64, 32, 64) with { Tolerance = Gradient },
        HeadChecks.Draws(Kernel.HeadCpu) with { Tolerance = Gradient },
        TeacherChecks.Extraction(Kernel.ExtractionCpu, 33, 2048, 64) with { Tolerance = Value },
        TeacherChecks.Extraction(Kernel.ExtractionCpu, 5, 1003, 1000) with { Tolerance = Value },
        .. HeadChecks.Divergences(Kernel.HeadCpu).Select(check => check with { Tolerance = Gradient }),
    ];

    private static KernelCheck Scan(int batch, int length, int heads, int size) => new(
        Kernel.SLstmScanCpu, $"B {batch}, S {length}, NH {heads}, DH {size}",
        () =>
            [OnCpu(1, heads, batch, length, 2 * size), OnCpu(1, heads, batch, length, 2 * size), OnCpu(0.2, heads, size, 4 * size), OnCpu(1, heads * 4 * size)],
        x => SLstmCpuScan.Instance.Forward(new(x[0], x[1], x[2], x[3]), null),
        x => SLstmPlainScan.Forward(new(x[0], x[1], x[2], x[3])))
    {
        Tolerance = Value,
        ToleranceOf = _ => Gradient,
    };

    private static KernelCheck Convolution(int batch, int length, int width, int taps) => new(
        Kernel.ConvolutionCpu, $"B {batch}, S {length}, D {width}, K {taps}",
        () => [OnCpu(1, batch, length, 2 * width), OnCpu(1, width, 1, taps), OnCpu(1, width)],
        x => CpuConvolution.Instance.Forward(new(x[0].narrow(2, 0, width), x[1], x[2])),                     // half of a wider tensor
        x => CausalConvolution.Plain(new(x[0].narrow(2, 0, width), x[1], x[2]), ScalarType.Float32))
    {
        Tolerance = Value,
        ToleranceOf = _ => Gradient,
    };
}
