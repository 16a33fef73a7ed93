using System.Buffers.Binary;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Safetensors;

/// <summary>Writes safetensors files, which Python can read as well.</summary>
public static class SafetensorsWriter
{
    private const int BufferBytes = 1 << 20;
    private const int Alignment = 8;

    /// <summary>Hugging Face writes this entry, and its loader requires it.</summary>
    private static readonly Dictionary<string, string> PyTorchFormat = new() { ["format"] = "pt" };

    /// <summary>Writes tensors, from any device, to a file that appears either complete or not at all.</summary>
    /// <param name="path">An existing file is replaced; its folder is created.</param>
    /// <param name="tensors">Unique names, and values in the element type that the file will have.</param>
    /// <param name="metadata">The header's <c>__metadata__</c>; default <c>{"format": "pt"}</c>.</param>
    public static void Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        // Wide elements come first, so that every tensor is aligned to its element size.
        var ordered = tensors.OrderByDescending(item => item.Value.dtype.ToSafetensors().Size).ToArray();
        var header = Header(ordered, metadata ?? PyTorchFormat);
        AtomicFile.Write(path, temporary =>
        {
            using var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes);
            file.Write(header);
            foreach (var (_, tensor) in ordered)
            {
                WriteData(file, tensor);
            }

            file.Flush(flushToDisk: true);
        });
    }

    private static void WriteData(FileStream file, Tensor tensor)
    {
        if (tensor.numel() == 0)
        {
            return;
        }

        using var scope = NewDisposeScope();
        tensor.detach().cpu().contiguous().WriteBytesToStream(file, BufferBytes);
    }

    private static byte[] Header(KeyValuePair<string, Tensor>[] tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var buffer = new MemoryStream();
        buffer.Write(new byte[sizeof(ulong)]);
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
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)bytes.Length - sizeof(ulong));
        return bytes;
    }

    private static void WriteEntries(Utf8JsonWriter json, KeyValuePair<string, Tensor>[] tensors)
    {
        var names = new HashSet<string> { SafetensorsHeader.MetadataName };
        long offset = 0;
        foreach (var (name, tensor) in tensors)
        {
            if (!names.Add(name))
            {
                throw new ArgumentException($"a safetensors file cannot hold two tensors named {name}", nameof(tensors));
            }

            var end = offset + tensor.numel() * tensor.dtype.ToSafetensors().Size;
            json.WriteStartObject(name);
            json.WriteString("dtype", tensor.dtype.ToSafetensors().Name);
            json.WritePropertyName("shape");
            JsonSerializer.Serialize(json, tensor.shape);
            json.WritePropertyName("data_offsets");
            JsonSerializer.Serialize(json, new[] { offset, end });
            json.WriteEndObject();
            offset = end;
        }
    }
}
