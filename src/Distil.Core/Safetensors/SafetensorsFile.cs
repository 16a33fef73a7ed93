using Distil.Core.Errors;

namespace Distil.Core.Safetensors;

/// <summary>An open safetensors file. A tensor is read when it is requested; only the header stays in memory.</summary>
/// <remarks>Format: https://github.com/huggingface/safetensors. One reader at a time.</remarks>
public sealed class SafetensorsFile : IDisposable
{
    /// <summary>Enough for the length of a header, and to recognise a Git LFS pointer.</summary>
    private const int StartBytes = 64;

    private readonly FileStream _file;

    private SafetensorsFile(string path, FileStream file)
    {
        Path = path;
        _file = file;
        Header = ReadHeader(file, path);
    }

    /// <value>As given to <see cref="Open"/>.</value>
    public string Path { get; }

    /// <value>The tensors by name.</value>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => Header.Entries;

    /// <value>The header's <c>__metadata__</c>; empty if it is missing.</value>
    public IReadOnlyDictionary<string, string> Metadata => Header.Metadata;

    /// <value>The header.</value>
    public SafetensorsHeader Header { get; }

    /// <value>Where the tensors' bytes begin in the file.</value>
    public long DataStart => Header.DataStart;

    /// <summary>Opens a file and checks its header against its length.</summary>
    /// <exception cref="InvalidInputException">The file is missing, unreadable, truncated, or no safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        FileStream file;
        InputFile.RequireRegular(path);
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidInputException($"{path}: no such file", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path}: cannot be read: {error.Message}", error);
        }

        try
        {
            return new SafetensorsFile(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A tensor's description. The tensor must have a given shape.</summary>
    /// <param name="name">One of <see cref="Entries"/>.</param>
    /// <param name="shape">The expected shape.</param>
    /// <param name="because">The reason for that shape, for the message: <c>config.json (hidden_size 96)</c>.</param>
    /// <exception cref="InvalidInputException">The file has no such tensor, or it has another shape.</exception>
    public SafetensorsEntry EntryOf(string name, IReadOnlyList<long> shape, string because)
    {
        var entry = EntryOf(name);
        return entry.Shape.SequenceEqual(shape)
            ? entry
            : throw new InvalidInputException($"{Path}: {name} is {entry}; {because} needs {SafetensorsEntry.Text(shape)}");
    }

    /// <summary>Positions the file at a tensor's first byte.</summary>
    /// <param name="name">One of <see cref="Entries"/>.</param>
    /// <param name="entry">The tensor's description: it has <c>End − Begin</c> bytes, little endian, in row-major order.</param>
    /// <returns>The file. It belongs to this object.</returns>
    /// <exception cref="InvalidInputException">The file has no such tensor.</exception>
    public Stream Seek(string name, out SafetensorsEntry entry)
    {
        entry = EntryOf(name);
        _file.Position = Header.DataStart + entry.Begin;
        return _file;
    }

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();

    private static SafetensorsHeader ReadHeader(FileStream file, string path)
    {
        var start = new byte[(int)Math.Min(file.Length, StartBytes)];
        file.ReadExactly(start);
        var bytes = new byte[SafetensorsHeader.BytesNeeded(start, file.Length, path)];
        file.Position = 0;
        file.ReadExactly(bytes);
        return SafetensorsHeader.Parse(bytes, file.Length, path);
    }

    private SafetensorsEntry EntryOf(string name) =>
        Entries.TryGetValue(name, out var entry) ? entry : throw new InvalidInputException($"{Path}: has no tensor {name}");
}
