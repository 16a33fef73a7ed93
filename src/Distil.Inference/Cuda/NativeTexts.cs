using System.Runtime.InteropServices;

namespace Distil.Inference.Cuda;

/// <summary>C strings that are freed together.</summary>
internal sealed unsafe class NativeTexts : IDisposable
{
    private readonly List<nint> _all = [];

    internal nint One(string text)
    {
        _all.Add(Marshal.StringToCoTaskMemUTF8(text));
        return _all[^1];
    }

    internal nint* Array(IEnumerable<string> texts)
    {
        var pointers = texts.Select(One).ToArray();
        var array = Marshal.AllocCoTaskMem(Math.Max(1, pointers.Length) * sizeof(nint));
        _all.Add(array);
        pointers.CopyTo(new Span<nint>((void*)array, pointers.Length));
        return (nint*)array;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var text in _all)
        {
            Marshal.FreeCoTaskMem(text);
        }
    }
}
