using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Distil.Inference.Cuda;

/// <summary>NVRTC, CUDA's compiler as a library (NVRTC reference). Every libtorch with CUDA contains it.</summary>
internal sealed unsafe class RuntimeCompiler
{
    private readonly nint _library;

    private RuntimeCompiler(nint library)
    {
        _library = library;
        int major, minor;
        Check(((delegate* unmanaged<int*, int*, int>)Export("nvrtcVersion"))(&major, &minor), "nvrtcVersion");
        Version = $"{major}.{minor}";
    }

    /// <value>For example 13.0.</value>
    internal string Version { get; }

    /// <summary>Returns the compiler, or null if this machine has none.</summary>
    internal static RuntimeCompiler? Find()
    {
        foreach (var name in new[] { "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so" }.Concat(BesideTorch()))
        {
            if (NativeLibrary.TryLoad(name, out var library))
            {
                return new(library);
            }
        }

        return null;
    }

    /// <summary>Compiles one source.</summary>
    /// <param name="name">The source's name in messages.</param>
    /// <param name="source">CUDA C++.</param>
    /// <param name="headers">The files that it may include, by name.</param>
    /// <param name="options">Options of the compiler.</param>
    /// <returns>A cubin, or PTX if the options name a virtual architecture, for which there is no machine code.</returns>
    /// <exception cref="CudaKernelException">It does not compile; the message contains the compiler's log.</exception>
    internal byte[] Compile(string name, string source, IReadOnlyDictionary<string, string> headers, IReadOnlyList<string> options)
    {
        using var texts = new NativeTexts();
        nint* headerTexts = texts.Array(headers.Values), headerNames = texts.Array(headers.Keys), optionTexts = texts.Array(options);
        nint program = 0;
        var create = (delegate* unmanaged<nint*, nint, nint, int, nint*, nint*, int>)Export("nvrtcCreateProgram");
        Check(create(&program, texts.One(source), texts.One(name), headers.Count, headerTexts, headerNames), $"{name}: nvrtcCreateProgram");
        try
        {
            var failed = ((delegate* unmanaged<nint, int, nint*, int>)Export("nvrtcCompileProgram"))(program, options.Count, optionTexts) != 0;
            if (failed)
            {
                throw new CudaKernelException(
                    $"{name} does not compile ({string.Join(' ', options)}):\n{Encoding.UTF8.GetString(Bytes(program, "ProgramLog")).TrimEnd('\0')}");
            }

            return Bytes(program, options.Any(option => option.Contains("=compute_", StringComparison.Ordinal)) ? "PTX" : "CUBIN");
        }
        finally
        {
            ((delegate* unmanaged<nint*, int>)Export("nvrtcDestroyProgram"))(&program);
        }
    }

    private byte[] Bytes(nint program, string what)
    {
        nuint size;
        Check(((delegate* unmanaged<nint, nuint*, int>)Export($"nvrtcGet{what}Size"))(program, &size), $"nvrtcGet{what}Size");
        var bytes = new byte[size];
        fixed (byte* to = bytes)
        {
            Check(((delegate* unmanaged<nint, byte*, int>)Export($"nvrtcGet{what}"))(program, to), $"nvrtcGet{what}");
        }
        return bytes;
    }

    private nint Export(string name) => NativeLibrary.GetExport(_library, name);

    private static void Check(int result, string what)
    {
        if (result != 0)
        {
            throw new CudaKernelException($"{what}: NVRTC error {result}");
        }
    }

    /// <summary>The libtorch packages add a hash to the library's name; it is in the folder of libtorch_cuda.</summary>
    private static IEnumerable<string> BesideTorch()
    {
        using var process = Process.GetCurrentProcess();
        var folders = process.Modules.Cast<ProcessModule>()
            .Where(module => module.ModuleName.StartsWith("libtorch_cuda", StringComparison.Ordinal))
            .Select(module => Path.GetDirectoryName(module.FileName)!)
            .Distinct();
        return folders.SelectMany(folder => Directory.EnumerateFiles(folder, "libnvrtc*.so*"))
            .Where(file => !file.Contains("builtins", StringComparison.Ordinal))
            .ToArray();
    }
}
