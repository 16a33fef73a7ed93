using System.Collections.Concurrent;
using System.Reflection;
using Distil.Inference.Cuda;

namespace Distil.Trainer.Kernels.Launching;

/// <summary>One CUDA C++ source of this project, compiled for the present card when its first kernel is requested. Thread-safe.</summary>
/// <param name="resource">The source's name, for example <c>slstm.cu</c>. It may include the project's <c>.cuh</c> files by their names.</param>
/// <param name="defines">Macros, for example <c>HEAD_SIZE=128</c>; each list gives a separate program.</param>
internal sealed class CudaProgram(string resource, params string[] defines)
{
    private readonly ConcurrentDictionary<string, CudaKernel> _kernels = new();
    private readonly Lazy<CudaModule> _module = new(() => CudaModule.Load(
        CudaRuntime.Platform, Assembly.GetExecutingAssembly(), resource, ["--use_fast_math", .. defines.Select(define => $"-D{define}")]));

    /// <summary>Returns a kernel by its <c>extern "C"</c> name.</summary>
    /// <exception cref="CudaKernelException">No kernel can run here (see <see cref="CudaRuntime"/>), or the source does not compile.</exception>
    internal CudaKernel this[string name] => _kernels.GetOrAdd(name, wanted => new(_module.Value[wanted]));
}
