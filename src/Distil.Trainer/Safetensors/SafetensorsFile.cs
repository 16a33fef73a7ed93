using Distil.Core.Errors;
using static TorchSharp.torch;

namespace Distil.Trainer.Safetensors;

/// <summary>An open safetensors file. A tensor is read when it is requested; only the header stays in memory.</summary>
/// <remarks>Format: https://github.com/huggingface/safetensors. One reader at a time.</remarks>
public sealed class SafetensorsFile : IDisposable
{
    private const int BufferBytes = 1 << 20;

    private readonly FileStream _file;
    private readonly SafetensorsHeader _header;

    private SafetensorsFile(string path, FileStream file)
    {
        Path = path;
        _file = file;
        _header = SafetensorsHeader.Read(file, path);
    }

    /// <value>As given to <see cref="Open"/>.</value>
    public string Path { get; }

    /// <value>The tensors by name.</value>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _header.Entries;

    /// <value>The header's <c>__metadata__</c>; empty if it is missing.</value>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Opens a file and checks its header against its length.</summary>
    /// <exception cref="InvalidInputException">The file is missing, unreadable, truncated, or no safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        FileStream file;
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

    /// <summary>Reads one tensor.</summary>
    /// <param name="name">One of <see cref="Entries"/>.</param>
    /// <param name="to">Element type to convert to; null keeps the file's.</param>
    /// <param name="device">Device of the result; null means the CPU.</param>
    /// <exception cref="InvalidInputException">The file has no such tensor.</exception>
    public Tensor Read(string name, ScalarType? to = null, Device? device = null)
    {
        if (!Entries.TryGetValue(name, out var entry))
        {
            throw new InvalidInputException($"{Path}: has no tensor {name}");
        }

        using var scope = NewDisposeScope();
        var tensor = empty(entry.Shape.ToArray(), dtype: entry.Dtype);
        if (entry.End > entry.Begin)
        {
            _file.Position = _header.DataStart + entry.Begin;
            tensor.ReadBytesFromStream(_file, (int)Math.Min(BufferBytes, entry.End - entry.Begin));
        }

        // Converted on the CPU: half the bytes cross to the device if the target type is narrower, and nothing is copied if both types agree.
        return tensor.to(to ?? entry.Dtype).to(device ?? CPU).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();
}
