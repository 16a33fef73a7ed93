namespace Distil.Core.Safetensors;

/// <summary>Compares tensors by their bytes on disk.</summary>
internal static class TensorBytes
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Whether two tensors have the same type, shape and bytes.</summary>
    internal static bool AreEqual((SafetensorsFile File, string Name) one, (SafetensorsFile File, string Name) other)
    {
        var (entry, same) = (one.File.Entries[one.Name], other.File.Entries[other.Name]);
        if (entry.Dtype != same.Dtype || !entry.Shape.SequenceEqual(same.Shape))
        {
            return false;
        }

        var (a, b, left) = (new byte[BufferBytes], new byte[BufferBytes], entry.End - entry.Begin);
        for (long at = 0; at < left; at += BufferBytes)
        {
            var count = (int)Math.Min(BufferBytes, left - at);
            if (!Read(one, at, a.AsSpan(0, count)).SequenceEqual(Read(other, at, b.AsSpan(0, count))))
            {
                return false;
            }
        }

        return true;
    }

    private static ReadOnlySpan<byte> Read((SafetensorsFile File, string Name) tensor, long at, Span<byte> into)
    {
        var stream = tensor.File.Seek(tensor.Name, out _);
        stream.Position += at;
        stream.ReadExactly(into);
        return into;
    }
}
