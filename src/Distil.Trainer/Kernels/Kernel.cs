using static TorchSharp.torch;

namespace Distil.Trainer.Kernels;

/// <summary>A fast form of an operation. Each has a check against the plain form (<c>kernels check</c>, <c>KernelCheckTests</c>).</summary>
internal sealed class Kernel
{
    private static readonly List<Kernel> Registered = [];

    private readonly ScalarType[] _types;

    private Kernel(Operation operation, Form form, params ScalarType[] types)
    {
        (Operation, Form, _types) = (operation, form, types);
        Registered.Add(this);
    }

    /// <value>All kernels.</value>
    internal static IReadOnlyList<Kernel> All => Registered;

    internal static Kernel SLstmScanCpu { get; } = new(Operation.SLstmScan, Form.Cpu, ScalarType.Float32);

    internal static Kernel SLstmScanCuda { get; } = new(Operation.SLstmScan, Form.Cuda, ScalarType.BFloat16);

    internal static Kernel SLstmScanCudaFloat { get; } = new(Operation.SLstmScan, Form.Cuda, ScalarType.Float32);

    internal static Kernel ConvolutionCpu { get; } = new(Operation.Convolution, Form.Cpu, ScalarType.Float32);

    internal static Kernel ConvolutionCuda { get; } = new(Operation.Convolution, Form.Cuda, ScalarType.BFloat16);

    internal static Kernel LayerNormCuda { get; } = new(Operation.LayerNorm, Form.Cuda, ScalarType.BFloat16);

    internal static Kernel HeadNormCuda { get; } = new(Operation.HeadNorm, Form.Cuda, ScalarType.BFloat16);

    internal static Kernel NormedHeadwiseCuda { get; } = new(Operation.NormedHeadwise, Form.Cuda, ScalarType.BFloat16);

    internal static Kernel FeedForwardUpCuda { get; } = new(Operation.FeedForwardUp, Form.Cuda, ScalarType.BFloat16);

    internal static Kernel MLstmUpCuda { get; } = new(Operation.MLstmUp, Form.Cuda, ScalarType.BFloat16);

    internal static Kernel MLstmCellCuda { get; } = new(Operation.MLstmCell, Form.Cuda, ScalarType.BFloat16);

    internal static Kernel StackCuda { get; } = new(Operation.Stack, Form.Cuda, ScalarType.BFloat16);

    internal static Kernel HeadCpu { get; } = new(Operation.Head, Form.Cpu, ScalarType.Float32, ScalarType.BFloat16);

    internal static Kernel HeadCuda { get; } = new(Operation.Head, Form.Cuda, ScalarType.Float32, ScalarType.BFloat16);

    internal static Kernel ExtractionCuda { get; } = new(Operation.Extraction, Form.Cuda, ScalarType.Float32, ScalarType.BFloat16);

    internal static Kernel TeacherLayersCuda { get; } = new(Operation.TeacherLayers, Form.Cuda, ScalarType.BFloat16);

    internal static Kernel AdamWCuda { get; } = new(Operation.AdamW, Form.Cuda, ScalarType.Float32);

    /// <value>What it computes.</value>
    internal Operation Operation { get; }

    /// <value>Where it runs.</value>
    internal Form Form { get; }

    /// <summary>Whether it computes in an element type.</summary>
    internal bool Supports(ScalarType type) => _types.Contains(type);

    /// <inheritdoc/>
    public override string ToString() => $"{Operation.Name}, {Form}, {string.Join(" or ", _types)}";
}
