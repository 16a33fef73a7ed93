using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Distil.Inference.Tests.Engines;

/// <summary>Writes tensors of random values to a folder, without torch.</summary>
internal static class RandomWeights
{
    /// <summary>Writes model.safetensors.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="weights">The tensors: values are uniform within scale around shift.</param>
    /// <param name="seed">Of the values.</param>
    /// <param name="bfloat16">Whether they are bfloat16 instead of float32.</param>
    /// <param name="repeated">Whether the first values of a large tensor are repeated, which is faster.</param>
    internal static void Write(
        string folder, IEnumerable<(string Name, long[] Shape, double Scale, double Shift)> weights, int seed, bool bfloat16, bool repeated = false)
    {
        var random = new Random(seed);
        using var file = File.Create(Path.Combine(folder, "model.safetensors"));
        var tensors = weights.ToList();
        file.Write(Header(tensors, bfloat16));
        foreach (var (_, shape, scale, shift) in tensors)
        {
            WriteValues(file, shape.Aggregate(1L, (a, b) => a * b), () => (float)(shift + scale * (2 * random.NextDouble() - 1)), bfloat16, repeated);
        }
    }

    private static byte[] Header(IEnumerable<(string Name, long[] Shape, double, double)> tensors, bool bfloat16)
    {
        var entries = new Dictionary<string, object>();
        var offset = 0L;
        foreach (var (name, shape, _, _) in tensors)
        {
            var end = offset + shape.Aggregate(1L, (a, b) => a * b) * (bfloat16 ? 2 : 4);
            entries[name] = new { dtype = bfloat16 ? "BF16" : "F32", shape, data_offsets = new[] { offset, end } };
            offset = end;
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(entries);
        var header = new byte[8 + (json.Length + 7) / 8 * 8];
        header.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - 8);
        json.CopyTo(header, 8);
        return header;
    }

    private static void WriteValues(Stream file, long count, Func<float> next, bool bfloat16, bool repeated)
    {
        var (values, bytes) = (new float[Math.Min(count, 1 << 16)], Array.Empty<byte>());
        for (; count > 0; count -= values.Length)
        {
            if (bytes.Length == 0 || !repeated)
            {
                for (var i = 0; i < Math.Min(count, values.Length); i++)
                {
                    values[i] = next();
                }

                bytes = bfloat16
                    ? MemoryMarshal.AsBytes<ushort>(values.Select(value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)).ToArray()).ToArray()
                    : MemoryMarshal.AsBytes<float>(values).ToArray();
            }

            file.Write(bytes.AsSpan(0, (int)Math.Min(count, values.Length) * (bfloat16 ? 2 : 4)));
        }
    }
}
