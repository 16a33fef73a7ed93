using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Safetensors;

/// <summary>Reads the JSON of a safetensors header and checks each tensor's type, shape and place.</summary>
/// <param name="path">The file's name, for messages.</param>
/// <param name="dataLength">Bytes of data behind the header.</param>
internal sealed class HeaderEntries(string path, long dataLength)
{
    /// <summary>Reads the header.</summary>
    /// <param name="root">Its JSON.</param>
    /// <param name="dataStart">The byte of the file at which its data begins.</param>
    /// <exception cref="InvalidInputException">An entry is wrong, or the entries do not fit together.</exception>
    internal SafetensorsHeader Read(JsonElement root, long dataStart)
    {
        Require(root.ValueKind == JsonValueKind.Object, "the header is not a JSON object");
        var entries = new Dictionary<string, SafetensorsEntry>();
        var metadata = new Dictionary<string, string>();
        foreach (var property in root.EnumerateObject())
        {
            if (property.Name == SafetensorsHeader.MetadataName)
            {
                ReadMetadata(property.Value, metadata);
            }
            else
            {
                Require(entries.TryAdd(property.Name, ReadEntry(property)), $"names {property.Name} twice");
            }
        }

        CheckPlaces(entries);
        return new SafetensorsHeader(entries, metadata, dataStart);
    }

    private void ReadMetadata(JsonElement value, Dictionary<string, string> metadata)
    {
        Require(value.ValueKind == JsonValueKind.Object, $"{SafetensorsHeader.MetadataName} is not a JSON object");
        foreach (var item in value.EnumerateObject())
        {
            Require(item.Value.ValueKind == JsonValueKind.String, $"{SafetensorsHeader.MetadataName}.{item.Name} is not a string");
            metadata[item.Name] = item.Value.GetString()!;
        }
    }

    private SafetensorsEntry ReadEntry(JsonProperty property)
    {
        var (name, value) = (property.Name, property.Value);
        Require(value.ValueKind == JsonValueKind.Object, $"{name} is described by no JSON object");
        var typeName = value.TryGetProperty("dtype", out var dtype) && dtype.ValueKind == JsonValueKind.String ? dtype.GetString()! : "missing";
        var type = SafetensorsDtype.Find(typeName)
            ?? throw new InvalidInputException($"{path}: {name} has dtype {typeName}; expected one of {SafetensorsDtype.Names}");
        var shape = ReadNumbers(value, "shape", name);
        var offsets = ReadNumbers(value, "data_offsets", name);
        Require(offsets.Length == 2 && offsets[0] <= offsets[1], $"{name} has data_offsets {SafetensorsEntry.Text(offsets)}; expected begin ≤ end");

        var entry = new SafetensorsEntry(type, shape, offsets[0], offsets[1]);
        var bytes = ByteCount(shape, type.Bits);
        Require(
            bytes == offsets[1] - offsets[0],
            $"{name} is {entry}, {bytes?.ToString() ?? "too many"} bytes, but has {offsets[1] - offsets[0]} bytes of data");
        return entry;
    }

    private long[] ReadNumbers(JsonElement value, string field, string name)
    {
        Require(value.TryGetProperty(field, out var array) && array.ValueKind == JsonValueKind.Array, $"{name} has no array {field}");
        var numbers = new long[array.GetArrayLength()];
        var i = 0;
        foreach (var item in array.EnumerateArray())
        {
            Require(item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out numbers[i]) && numbers[i] >= 0, $"{name}: {field}[{i}] is no size");
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

    private void CheckPlaces(Dictionary<string, SafetensorsEntry> entries)
    {
        long end = 0;
        foreach (var (name, entry) in entries.OrderBy(item => item.Value.Begin).ThenBy(item => item.Value.End))
        {
            Require(entry.End <= dataLength, $"{name} ends at byte {entry.End} of the data, which has {dataLength} bytes (cut off?)");
            Require(entry.Begin == end, $"{name} begins at byte {entry.Begin} of the data, expected {end}: tensors overlap or leave a gap");
            end = entry.End;
        }

        Require(end == dataLength, $"has {dataLength} bytes of data, of which the header describes {end}");
    }

    private void Require(bool holds, string otherwise) => SafetensorsHeader.Require(holds, path, otherwise);
}
