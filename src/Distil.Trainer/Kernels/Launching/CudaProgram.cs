using System.Collections.Concurrent;
using System.Reflection;

namespace Distil.Trainer.Kernels.Launching;

/// <summary>One CUDA C++ source of this project, compiled for the present card when its first kernel is requested. Thread-safe.</summary>
/// <param name="resource">The source's name, for example <c>slstm.cu</c>. It may include the project's <c>.cuh</c> files by their names.</param>
/// <param name="defines">Macros, for example <c>HEAD_SIZE=128</c>; each list gives a separate program.</param>
internal sealed class CudaProgram(string resource, params string[] defines)
{
    private static readonly CubinCache Cache = new(KernelSettings.CacheFolder);
    private static readonly Lazy<IReadOnlyDictionary<string, string>> Headers = new(() => Assembly.GetExecutingAssembly()
        .GetManifestResourceNames().Where(name => name.EndsWith(".cuh", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).ToDictionary(name => name, Text));

    private readonly ConcurrentDictionary<string, CudaKernel> _kernels = new();
    private readonly Lazy<nint> _module = new(() => Load(resource, defines));

    /// <summary>Returns a kernel by its <c>extern "C"</c> name.</summary>
    /// <exception cref="CudaKernelException">No kernel can run here (see <see cref="CudaRuntime"/>), or the source does not compile.</exception>
    internal CudaKernel this[string name] => _kernels.GetOrAdd(name, wanted =>
    {
        CudaDriver.Check(CudaDriver.ModuleGetFunction(out var function, _module.Value, wanted), $"{resource}: {wanted}");
        return new(wanted, function, CudaRuntime.Card);
    });

    private static unsafe nint Load(string resource, string[] defines)
    {
        var (card, compiler) = (CudaRuntime.Card, CudaRuntime.Compiler);
        var source = Text(resource);
        string[] options =
            [$"--gpu-architecture={card.Architecture}", "--std=c++17", "--use_fast_math", "-lineinfo", .. defines.Select(define => $"-D{define}")];
        var key = CubinCache.Key([source, .. Headers.Value.SelectMany(header => new[] { header.Key, header.Value }), .. options, compiler.Version]);
        var cubin = Cache.Get(key, () => compiler.Compile(resource, source, Headers.Value, options));
        CudaDriver.Check(CudaDriver.ContextSetCurrent(card.Context), resource);
        fixed (byte* image = cubin)
        {
            CudaDriver.Check(CudaDriver.ModuleLoadData(out var module, image), $"{resource}: loading its cubin");
            return module;
        }
    }

    private static string Text(string resource)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"{resource} is not among this program's resources.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
