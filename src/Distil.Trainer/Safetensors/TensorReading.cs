using Distil.Core.Errors;
using Distil.Core.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Safetensors;

/// <summary>Reads tensors of safetensors files into torch.</summary>
public static class TensorReading
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Reads one tensor.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="name">One of its <see cref="SafetensorsFile.Entries"/>.</param>
    /// <param name="to">Element type to convert to; null keeps the file's.</param>
    /// <param name="device">Device of the result; null means the CPU.</param>
    /// <exception cref="InvalidInputException">The file has no such tensor.</exception>
    public static Tensor Read(this SafetensorsFile file, string name, ScalarType? to = null, Device? device = null)
    {
        var data = file.Seek(name, out var entry);
        var type = entry.Dtype.ToTorch();
        using var scope = NewDisposeScope();
        var tensor = empty(entry.Shape.ToArray(), dtype: type);
        if (entry.End > entry.Begin)
        {
            tensor.ReadBytesFromStream(data, (int)Math.Min(BufferBytes, entry.End - entry.Begin));
        }

        // Converted on the CPU: half the bytes cross to the device if the target type is narrower, and nothing is copied if both types agree.
        return tensor.to(to ?? type).to(device ?? CPU).MoveToOuterDisposeScope();
    }

    /// <summary>Reads one tensor of a folder.</summary>
    /// <inheritdoc cref="Read(SafetensorsFile, string, ScalarType?, Device?)"/>
    public static Tensor Read(this WeightFolder folder, string name, ScalarType? to = null, Device? device = null) => folder.FileOf(name).Read(name, to, device);

    /// <summary>Reads one tensor, which must have a given shape.</summary>
    /// <param name="folder">The open folder.</param>
    /// <param name="name">The tensor's name.</param>
    /// <param name="shape">The expected shape.</param>
    /// <param name="because">The reason for that shape, for the message: <c>config.json (hidden_size 96)</c>.</param>
    /// <param name="to">Element type to convert to; null keeps the file's.</param>
    /// <param name="device">Device of the result; null means the CPU.</param>
    /// <exception cref="InvalidInputException">The tensor is missing or has another shape.</exception>
    public static Tensor ReadExact(
        this WeightFolder folder, string name, IReadOnlyList<long> shape, string because, ScalarType? to = null, Device? device = null)
    {
        var file = folder.FileOf(name);
        var entry = file.Entries[name];
        return entry.Shape.SequenceEqual(shape)
            ? file.Read(name, to, device)
            : throw new InvalidInputException($"{file.Path}: {name} is {entry}; {because} needs {SafetensorsEntry.Text(shape)}");
    }
}
