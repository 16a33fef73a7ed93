using System.Buffers.Binary;
using System.Text.Json;

namespace Distil.Core.Safetensors;

/// <summary>Writes safetensors files, which Python can read as well.</summary>
public static class SafetensorsOutput
{
    private const int BufferBytes = 1 << 20;
    private const int Alignment = 8;

    /// <summary>Hugging Face writes this entry, and its loader requires it.</summary>
    private static readonly Dictionary<string, string> PyTorchFormat = new() { ["format"] = "pt" };

    /// <summary>Writes tensors to a file that appears either complete or not at all.</summary>
    /// <param name="path">An existing file is replaced; its folder is created.</param>
    /// <param name="tensors">With unique names.</param>
    /// <param name="metadata">The header's <c>__metadata__</c>; default <c>{"format": "pt"}</c>.</param>
    public static void Write(string path, IEnumerable<TensorToWrite> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        // Wide elements come first, so that every tensor is aligned to its element size.
        var ordered = tensors.OrderByDescending(tensor => tensor.Dtype.Size).ToArray();
        var header = Header(ordered, metadata ?? PyTorchFormat);
        AtomicFile.Write(path, temporary =>
        {
            using var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes);
            file.Write(header);
            foreach (var tensor in ordered)
            {
                tensor.Write(file);
            }

            file.Flush(flushToDisk: true);
        });
    }

    private static byte[] Header(TensorToWrite[] tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var buffer = new MemoryStream();
        buffer.Write(new byte[SafetensorsHeader.Prefix]);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WritePropertyName(SafetensorsHeader.MetadataName);
            JsonSerializer.Serialize(json, metadata);
            WriteEntries(json, tensors);
            json.WriteEndObject();
        }

        while (buffer.Length % Alignment != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        var bytes = buffer.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)bytes.Length - SafetensorsHeader.Prefix);
        return bytes;
    }

    private static void WriteEntries(Utf8JsonWriter json, TensorToWrite[] tensors)
    {
        var names = new HashSet<string> { SafetensorsHeader.MetadataName };
        long offset = 0;
        foreach (var tensor in tensors)
        {
            if (!names.Add(tensor.Name))
            {
                throw new ArgumentException($"a safetensors file cannot hold two tensors named {tensor.Name}", nameof(tensors));
            }

            var end = offset + tensor.Bytes;
            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype", tensor.Dtype.Name);
            json.WritePropertyName("shape");
            JsonSerializer.Serialize(json, tensor.Shape);
            json.WritePropertyName("data_offsets");
            JsonSerializer.Serialize(json, new[] { offset, end });
            json.WriteEndObject();
            offset = end;
        }
    }
}
