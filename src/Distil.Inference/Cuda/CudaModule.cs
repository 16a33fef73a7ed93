using System.Collections.Concurrent;
using System.Reflection;

namespace Distil.Inference.Cuda;

/// <summary>One CUDA C++ source, compiled and loaded for a card. Thread-safe.</summary>
internal sealed class CudaModule
{
    private readonly string _name;
    private readonly CudaCard _card;
    private readonly nint _module;
    private readonly ConcurrentDictionary<string, CudaFunction> _functions = new();

    private CudaModule(string name, CudaCard card, nint module) => (_name, _card, _module) = (name, card, module);

    /// <summary>Returns a kernel by its <c>extern "C"</c> name.</summary>
    /// <exception cref="CudaKernelException">The source has no such kernel.</exception>
    internal CudaFunction this[string name] => _functions.GetOrAdd(name, wanted =>
    {
        CudaDriver.Check(CudaDriver.ModuleGetFunction(out var function, _module, wanted), $"{_name}: {wanted}");
        return new(wanted, function, _card);
    });

    /// <summary>Compiles a source, unless the cache contains it, and loads it.</summary>
    /// <param name="platform">The card and its compiler.</param>
    /// <param name="assembly">Its resources contain the source, and the <c>.cuh</c> files that it may include, by their names.</param>
    /// <param name="resource">The source's name, for example <c>slstm.cu</c>.</param>
    /// <param name="options">Further options of the compiler, for example <c>-DHEAD_SIZE=128</c>.</param>
    /// <exception cref="CudaKernelException">It does not compile.</exception>
    internal static unsafe CudaModule Load(CudaPlatform platform, Assembly assembly, string resource, params IEnumerable<string> options)
    {
        var (card, compiler, cache) = platform;
        var (source, headers) = (Text(assembly, resource), Headers(assembly));
        string[] all = [$"--gpu-architecture={card.Architecture}", "--std=c++17", "-lineinfo", .. options];
        var key = CubinCache.Key([source, .. headers.SelectMany(header => new[] { header.Key, header.Value }), .. all, compiler.Version]);
        var cubin = cache.Get(key, () => compiler.Compile(resource, source, headers, all));
        card.Use();
        fixed (byte* image = cubin)
        {
            CudaDriver.Check(CudaDriver.ModuleLoadData(out var module, image), $"{resource}: loading its cubin");
            return new(resource, card, module);
        }
    }

    private static SortedDictionary<string, string> Headers(Assembly assembly) => new(
        assembly.GetManifestResourceNames().Where(name => name.EndsWith(".cuh", StringComparison.Ordinal))
            .ToDictionary(name => name, name => Text(assembly, name)),
        StringComparer.Ordinal);

    private static string Text(Assembly assembly, string resource)
    {
        using var stream = assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"{resource} is not among the resources of {assembly.GetName().Name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
