using Distil.Core.Errors;
using Distil.Core.Models.Folders;
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
    /// <param name="to">Element type to convert to; null keeps the file's, or float32 for floating-point numbers of eight bits.</param>
    /// <param name="device">Device of the result; null means the CPU.</param>
    /// <exception cref="InvalidInputException">The file has no such tensor, or torch has no such type.</exception>
    public static Tensor Read(this SafetensorsFile file, string name, ScalarType? to = null, Device? device = null)
    {
        var data = file.Seek(name, out var entry);
        var type = Float8.Is(entry.Dtype) ? ScalarType.Byte
            : entry.Dtype.ToTorch() ?? throw new InvalidInputException($"{file.Path}: {name} is {entry}; expected one of {TorchDtype.Names}");
        using var scope = NewDisposeScope();
        var tensor = empty(entry.Shape.ToArray(), dtype: type);
        if (entry.End > entry.Begin)
        {
            tensor.ReadBytesFromStream(data, (int)Math.Min(BufferBytes, entry.End - entry.Begin));
        }

        if (Float8.Is(entry.Dtype))
        {
            tensor = Float8.Decode(tensor, entry.Dtype);
        }

        // Converted on the CPU: half the bytes cross to the device if the target type is narrower, and nothing is copied if both types agree.
        return tensor.to(to ?? tensor.dtype).to(device ?? CPU).MoveToOuterDisposeScope();
    }

    /// <summary>Reads one tensor of a folder, whose values must be finite.</summary>
    /// <inheritdoc cref="Read(SafetensorsFile, string, ScalarType?, Device?)"/>
    public static Tensor Read(this WeightFolder folder, string name, ScalarType? to = null, Device? device = null)
    {
        var read = folder.FileOf(name).Read(name, to, device);
        FiniteCheck.Require(read, folder.Stored.ByName[name]);
        return read;
    }

    /// <summary>Reads a weight, multiplied by its scales if it is quantised.</summary>
    /// <param name="folder">The open folder.</param>
    /// <param name="reading">How it is read.</param>
    /// <param name="to">Element type of the result.</param>
    /// <param name="device">Device of the result.</param>
    /// <exception cref="InvalidInputException">It has values that are not finite.</exception>
    internal static Tensor Read(this WeightFolder folder, WeightReading reading, ScalarType to, Device device)
    {
        using var scope = NewDisposeScope();
        var numbers = reading.Scaling is { } scaling
            ? Dequantization.Scale(
                folder.Read(reading.Values.Name, ScalarType.Float32), scaling, part => folder.Read(part.Name, ScalarType.Float32)).to(to).to(device)
            : folder.Read(reading.Values.Name, to, device);
        numbers = reading.Tensor.Fused is { } fused ? numbers.narrow(0, fused.First, reading.Tensor.Shape[0]).clone() : numbers;
        return numbers.MoveToOuterDisposeScope();
    }

    /// <summary>Reads one tensor, which must have a given shape.</summary>
    /// <param name="folder">The open folder.</param>
    /// <param name="name">The tensor's name.</param>
    /// <param name="shape">The expected shape.</param>
    /// <param name="because">The reason for that shape, for the message: <c>config.json (hidden_size 96)</c>.</param>
    /// <param name="to">Element type to convert to; null keeps the file's.</param>
    /// <param name="device">Device of the result; null means the CPU.</param>
    /// <exception cref="InvalidInputException">The tensor is missing, has another shape, is not of plain floating-point numbers, or is not finite.</exception>
    public static Tensor ReadExact(
        this WeightFolder folder, string name, IReadOnlyList<long> shape, string because, ScalarType? to = null, Device? device = null)
    {
        folder.FindExact(name, shape, because);
        return folder.Read(name, to, device);
    }
}
