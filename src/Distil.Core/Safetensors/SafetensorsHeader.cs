using System.Buffers.Binary;
using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Safetensors;

/// <summary>The header of a safetensors file: eight bytes of length (little endian), then JSON with each tensor's name, type, shape and offsets.</summary>
/// <remarks>The file is not trusted: every returned entry is checked to lie inside the file, not to overlap another and to have the size of its
/// shape.</remarks>
public sealed record SafetensorsHeader(IReadOnlyDictionary<string, SafetensorsEntry> Entries, IReadOnlyDictionary<string, string> Metadata, long DataStart)
{
    /// <summary>Longest header that is accepted, in bytes: the format's own limit.</summary>
    public const long MaxLength = 100_000_000;

    /// <summary>Name of the entry that describes the file instead of a tensor.</summary>
    public const string MetadataName = "__metadata__";

    private const int Prefix = sizeof(ulong);

    /// <exception cref="InvalidInputException">The file is truncated, or its header is invalid.</exception>
    internal static SafetensorsHeader Read(FileStream file, string path)
    {
        if (file.Length < Prefix)
        {
            throw new InvalidInputException($"{path}: {file.Length} bytes are too few for a safetensors file");
        }

        var prefix = new byte[Prefix];
        file.ReadExactly(prefix);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > MaxLength || (long)length > file.Length - Prefix)
        {
            throw new InvalidInputException(
                $"{path}: says that its header has {length} bytes; the file has {file.Length} and a header at most {MaxLength} (cut off, or not safetensors)");
        }

        var json = new byte[length];
        file.ReadExactly(json);
        try
        {
            using var document = JsonDocument.Parse(json);
            return Parse(document.RootElement, path, Prefix + (long)length, file.Length - Prefix - (long)length);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a name or string is not valid UTF-8 or UTF-16.
            throw new InvalidInputException($"{path}: the header is not valid JSON: {error.Message}", error);
        }
    }

    private static SafetensorsHeader Parse(JsonElement root, string path, long dataStart, long dataLength)
    {
        Require(root.ValueKind == JsonValueKind.Object, path, "the header is not a JSON object");
        var entries = new Dictionary<string, SafetensorsEntry>();
        var metadata = new Dictionary<string, string>();
        foreach (var property in root.EnumerateObject())
        {
            if (property.Name == MetadataName)
            {
                ReadMetadata(property.Value, path, metadata);
            }
            else
            {
                Require(entries.TryAdd(property.Name, ReadEntry(property, path)), path, $"names {property.Name} twice");
            }
        }

        CheckPlaces(entries, path, dataLength);
        return new SafetensorsHeader(entries, metadata, dataStart);
    }

    private static void ReadMetadata(JsonElement value, string path, Dictionary<string, string> metadata)
    {
        Require(value.ValueKind == JsonValueKind.Object, path, $"{MetadataName} is not a JSON object");
        foreach (var item in value.EnumerateObject())
        {
            Require(item.Value.ValueKind == JsonValueKind.String, path, $"{MetadataName}.{item.Name} is not a string");
            metadata[item.Name] = item.Value.GetString()!;
        }
    }

    private static SafetensorsEntry ReadEntry(JsonProperty property, string path)
    {
        var (name, value) = (property.Name, property.Value);
        Require(value.ValueKind == JsonValueKind.Object, path, $"{name} is described by no JSON object");
        var typeName = value.TryGetProperty("dtype", out var dtype) && dtype.ValueKind == JsonValueKind.String ? dtype.GetString()! : "missing";
        var type = SafetensorsDtype.Find(typeName)
            ?? throw new InvalidInputException($"{path}: {name} has dtype {typeName}; expected one of {SafetensorsDtype.Names}");
        var shape = ReadNumbers(value, "shape", name, path);
        var offsets = ReadNumbers(value, "data_offsets", name, path);
        Require(offsets.Length == 2 && offsets[0] <= offsets[1], path, $"{name} has data_offsets {SafetensorsEntry.Text(offsets)}; expected begin ≤ end");

        var entry = new SafetensorsEntry(type, shape, offsets[0], offsets[1]);
        var bytes = ByteCount(shape, type.Size);
        Require(
            bytes == offsets[1] - offsets[0],
            path, $"{name} is {entry}, {bytes?.ToString() ?? "too many"} bytes, but has {offsets[1] - offsets[0]} bytes of data");
        return entry;
    }

    private static long[] ReadNumbers(JsonElement value, string field, string name, string path)
    {
        Require(value.TryGetProperty(field, out var array) && array.ValueKind == JsonValueKind.Array, path, $"{name} has no array {field}");
        var numbers = new long[array.GetArrayLength()];
        var i = 0;
        foreach (var item in array.EnumerateArray())
        {
            Require(item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out numbers[i]) && numbers[i] >= 0, path, $"{name}: {field}[{i}] is no size");
            i++;
        }

        return numbers;
    }

    /// <summary>Null if the result does not fit into 64 bits.</summary>
    private static long? ByteCount(long[] shape, int size)
    {
        if (shape.Contains(0))
        {
            return 0;
        }

        Int128 bytes = size;
        foreach (var dimension in shape)
        {
            bytes *= dimension;
            if (bytes > long.MaxValue)
            {
                return null;
            }
        }

        return (long)bytes;
    }

    private static void CheckPlaces(Dictionary<string, SafetensorsEntry> entries, string path, long dataLength)
    {
        long end = 0;
        foreach (var (name, entry) in entries.OrderBy(item => item.Value.Begin).ThenBy(item => item.Value.End))
        {
            Require(entry.End <= dataLength, path, $"{name} ends at byte {entry.End} of the data, which has {dataLength} bytes (cut off?)");
            Require(entry.Begin == end, path, $"{name} begins at byte {entry.Begin} of the data, expected {end}: tensors overlap or leave a gap");
            end = entry.End;
        }

        Require(end == dataLength, path, $"has {dataLength} bytes of data, of which the header describes {end}");
    }

    private static void Require(bool holds, string path, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidInputException($"{path}: {otherwise}");
        }
    }
}
