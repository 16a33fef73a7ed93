using System.Globalization;
using static TorchSharp.torch;

namespace Distil.Trainer.Kernels;

/// <summary>A fast form of an operation. Each has a check against the plain form (<c>kernels check</c>, <c>KernelCheckTests</c>).</summary>
internal sealed class Kernel
{
    private static readonly List<Kernel> Registered = [];

    private readonly ScalarType[] _types;
    private readonly double? _timesWithout;

    // timesWithout: how many times as long the work takes with the plain form of this operation alone, measured by `bench step` (CPU) and
    // `bench gpu fallbacks` (one H200); null if that was not measured.
    private Kernel(Operation operation, Form form, double? timesWithout, params ScalarType[] types)
    {
        (Operation, Form, _timesWithout, _types) = (operation, form, timesWithout, types);
        Registered.Add(this);
    }

    /// <value>All kernels.</value>
    internal static IReadOnlyList<Kernel> All => Registered;

    internal static Kernel SLstmScanCpu { get; } = new(Operation.SLstmScan, Form.Cpu, 2.9, ScalarType.Float32);

    internal static Kernel SLstmScanCuda { get; } = new(Operation.SLstmScan, Form.Cuda, 106, ScalarType.BFloat16);

    internal static Kernel SLstmScanCudaFloat { get; } = new(Operation.SLstmScan, Form.Cuda, 8.5, ScalarType.Float32);

    internal static Kernel ConvolutionCpu { get; } = new(Operation.Convolution, Form.Cpu, 1.15, ScalarType.Float32);

    internal static Kernel ConvolutionCuda { get; } = new(Operation.Convolution, Form.Cuda, 1.19, ScalarType.BFloat16);

    internal static Kernel LayerNormCuda { get; } = new(Operation.LayerNorm, Form.Cuda, 1.08, ScalarType.BFloat16);

    internal static Kernel HeadNormCuda { get; } = new(Operation.HeadNorm, Form.Cuda, 1.19, ScalarType.BFloat16);

    internal static Kernel NormedHeadwiseCuda { get; } = new(Operation.NormedHeadwise, Form.Cuda, 1.09, ScalarType.BFloat16);

    internal static Kernel FeedForwardUpCuda { get; } = new(Operation.FeedForwardUp, Form.Cuda, 1.69, ScalarType.BFloat16);

    internal static Kernel MLstmUpCuda { get; } = new(Operation.MLstmUp, Form.Cuda, 1.66, ScalarType.BFloat16);

    internal static Kernel MLstmCellCuda { get; } = new(Operation.MLstmCell, Form.Cuda, 2.8, ScalarType.BFloat16);

    internal static Kernel StackCuda { get; } = new(Operation.Stack, Form.Cuda, 1.1, ScalarType.BFloat16);

    internal static Kernel HeadCpu { get; } = new(Operation.Head, Form.Cpu, 1.08, ScalarType.Float32, ScalarType.BFloat16);

    internal static Kernel HeadCuda { get; } = new(Operation.Head, Form.Cuda, 2.6, ScalarType.Float32, ScalarType.BFloat16);

    internal static Kernel ExtractionCpu { get; } = new(Operation.Extraction, Form.Cpu, null, ScalarType.Float32);

    internal static Kernel ExtractionCuda { get; } = new(Operation.Extraction, Form.Cuda, 3, ScalarType.Float32, ScalarType.BFloat16);

    internal static Kernel TeacherLayersCuda { get; } = new(Operation.TeacherLayers, Form.Cuda, 1.45, ScalarType.BFloat16);

    internal static Kernel LinearisedLayersCuda { get; } = new(Operation.LinearisedLayers, Form.Cuda, null, ScalarType.BFloat16);

    internal static Kernel AdamWCuda { get; } = new(Operation.AdamW, Form.Cuda, 1.12, ScalarType.Float32);

    /// <value>What it computes.</value>
    internal Operation Operation { get; }

    /// <value>Where it runs.</value>
    internal Form Form { get; }

    /// <value>What the plain form costs if this kernel cannot serve: a sentence's main clause.</value>
    internal string CostOfPlain => _timesWithout switch
    {
        null => $"{Operation.PartOf} takes longer",
        < 2 and var times => string.Create(CultureInfo.InvariantCulture, $"{Operation.PartOf} takes about {100 * (times - 1):F0} % longer"),
        var times => string.Create(CultureInfo.InvariantCulture, $"{Operation.PartOf} takes about {times:0.#} times as long"),
    };

    /// <summary>Whether it computes in an element type.</summary>
    internal bool Supports(ScalarType type) => _types.Contains(type);

    /// <inheritdoc/>
    public override string ToString() => $"{Operation.Name}, {Form}, {string.Join(" or ", _types)}";
}
