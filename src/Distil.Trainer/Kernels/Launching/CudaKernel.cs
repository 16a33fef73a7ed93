using System.Runtime.InteropServices;
using Distil.Inference.Cuda;

namespace Distil.Trainer.Kernels.Launching;

/// <summary>A compiled kernel that reads tensors. Launches go to the default stream, in order with torch's own work.</summary>
/// <param name="function">The kernel.</param>
internal sealed class CudaKernel(CudaFunction function)
{
    /// <summary>The compiler's use of resources, for reports: registers per thread, and bytes per thread spilt to local memory.</summary>
    internal (int Registers, int LocalBytes) Resources => function.Resources;

    /// <summary>Launches the kernel without waiting. Tensors among the arguments must live until a later torch operation or the end of the stream's
    /// work.</summary>
    /// <exception cref="CudaKernelException">The launch failed, or an earlier kernel did; the message names this one and its shape.</exception>
    internal void Launch(LaunchShape shape, params ReadOnlySpan<KernelArgument> arguments) =>
        function.Launch(shape, stream: 0, MemoryMarshal.Cast<KernelArgument, long>(arguments));
}
