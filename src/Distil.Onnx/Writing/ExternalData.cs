namespace Distil.Onnx.Writing;

/// <summary>Writes weights to files beside a model: <c>model.onnx.data</c>, then <c>model.onnx.data.1</c> and so on.</summary>
/// <param name="folder">The model's folder.</param>
/// <param name="name">Name of the first file.</param>
/// <param name="fileBytes">Largest file; a single weight may be larger. A browser reads none of 2 GB or more.</param>
internal sealed class ExternalData(string folder, string name, long fileBytes) : IWeightData, IDisposable
{
    private const int BufferBytes = 1 << 20;

    // Runtimes map a large weight into memory if it begins at a page.
    private const int Page = 4096, Line = 64, LargeBytes = 1 << 20;

    private FileStream? _file;
    private int _files;

    /// <inheritdoc/>
    public DataPlace Add(long bytes, Action<Stream> write)
    {
        if (_file is null || (_file.Position > 0 && Aligned(_file.Position, bytes) + bytes > fileBytes))
        {
            Close();
            var path = Path.Combine(folder, _files == 0 ? name : FormattableString.Invariant($"{name}.{_files}"));
            _file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes);
            _files++;
        }

        _file.Write(new byte[Aligned(_file.Position, bytes) - _file.Position]);
        var offset = _file.Position;
        write(_file);
        return _file.Position - offset == bytes
            ? new(Path.GetFileName(_file.Name), offset, bytes)
            : throw new InvalidOperationException($"a weight of {bytes} bytes was written as {_file.Position - offset}");
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private static long Aligned(long position, long bytes)
    {
        long alignment = bytes < LargeBytes ? Line : Page;
        return (position + alignment - 1) / alignment * alignment;
    }

    private void Close()
    {
        using var file = _file;
        _file = null;
        file?.Flush(flushToDisk: true);
    }
}
