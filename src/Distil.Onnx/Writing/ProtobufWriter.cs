using System.Buffers.Binary;
using System.Text;

namespace Distil.Onnx.Writing;

/// <summary>Writes a message in protobuf's wire format (https://protobuf.dev/programming-guides/encoding).</summary>
internal sealed class ProtobufWriter
{
    private const int VarintType = 0, LengthType = 2, FourBytesType = 5;

    private readonly MemoryStream _bytes = new();

    /// <summary>The whole message.</summary>
    internal byte[] ToArray() => _bytes.ToArray();

    /// <summary>Writes a whole number or the number of an enumeration.</summary>
    internal void Number(int field, long value)
    {
        Tag(field, VarintType);
        Varint((ulong)value);
    }

    /// <summary>Writes a floating-point number.</summary>
    internal void Number(int field, float value)
    {
        Tag(field, FourBytesType);
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        _bytes.Write(bytes);
    }

    /// <summary>Writes text.</summary>
    internal void Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>Writes bytes.</summary>
    internal void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, LengthType);
        Varint((ulong)value.Length);
        _bytes.Write(value);
    }

    /// <summary>Writes a message inside this one.</summary>
    internal void Message(int field, Action<ProtobufWriter> write)
    {
        var inner = new ProtobufWriter();
        write(inner);
        Bytes(field, inner.ToArray());
    }

    private void Tag(int field, int type) => Varint((ulong)(field << 3 | type));

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _bytes.WriteByte((byte)(value | 0x80));
        }

        _bytes.WriteByte((byte)value);
    }
}
