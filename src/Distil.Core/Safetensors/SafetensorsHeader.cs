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

    /// <summary>The header's entry that describes no tensor.</summary>
    public const string MetadataName = "__metadata__";

    /// <summary>Bytes of a file that contain the length of its header.</summary>
    public const int Prefix = sizeof(ulong);

    /// <summary>Number of bytes at the start of a file that contain its header.</summary>
    /// <param name="start">The file's first bytes: at least <see cref="Prefix"/>, or the whole file.</param>
    /// <param name="fileLength">Bytes of the file.</param>
    /// <param name="path">The file's name, for messages.</param>
    /// <exception cref="InvalidInputException">The file is no safetensors file, or is cut off inside its header.</exception>
    public static int BytesNeeded(ReadOnlySpan<byte> start, long fileLength, string path)
    {
        Require(!GitLfs.IsPointer(start), path, GitLfs.Advice);
        Require(fileLength >= Prefix && start.Length >= Prefix, path, $"{fileLength} bytes are too few for a safetensors file");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        Require(
            length <= MaxLength && (long)length <= fileLength - Prefix, path,
            $"says that its header has {length} bytes; the file has {fileLength} and a header at most {MaxLength} (cut off, or not safetensors)");
        return Prefix + (int)length;
    }

    /// <summary>Reads the header from a file's first bytes.</summary>
    /// <param name="start">The file's first bytes, as many as <see cref="BytesNeeded"/> or more.</param>
    /// <param name="fileLength">Bytes of the file, against which the places of the tensors are checked.</param>
    /// <param name="path">The file's name, for messages.</param>
    /// <exception cref="InvalidInputException">The file is truncated, or its header is invalid.</exception>
    public static SafetensorsHeader Parse(ReadOnlyMemory<byte> start, long fileLength, string path)
    {
        var end = BytesNeeded(start.Span, fileLength, path);
        try
        {
            using var document = JsonDocument.Parse(start[Prefix..end]);
            return Parse(document.RootElement, path, end, fileLength - end);
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
        var bytes = ByteCount(shape, type.Bits);
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
    private static long? ByteCount(long[] shape, int bits)
    {
        if (shape.Contains(0))
        {
            return 0;
        }

        Int128 total = bits;
        foreach (var dimension in shape)
        {
            total *= dimension;
            if (total > long.MaxValue)
            {
                return null;
            }
        }

        return (long)((total + 7) / 8);
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
