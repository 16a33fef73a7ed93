using System.Buffers.Binary;
using System.Text;

namespace Distil.Trainer.Metrics;

/// <summary>The few fields of TensorFlow's <c>Event</c> message that scalars need, in protobuf's wire format.</summary>
/// <remarks>tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto.</remarks>
internal sealed class TensorBoardEvent
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int LengthDelimited = 2;
    private const int Fixed32 = 5;
    private const int SessionStart = 1;

    private readonly List<byte> _bytes = [];

    /// <summary>Encodes the first record of a file.</summary>
    internal static byte[] FileVersion(double wallTime)
    {
        var message = new TensorBoardEvent();
        message.Double(1, wallTime);
        message.Text(3, "brain.Event:2");
        return [.. message._bytes];
    }

    /// <summary>Encodes that training (re)starts at a step: TensorBoard then ignores later steps of earlier files.</summary>
    internal static byte[] Start(double wallTime, long step)
    {
        var session = new TensorBoardEvent();
        session.Integer(1, SessionStart);
        var message = new TensorBoardEvent();
        message.Double(1, wallTime);
        message.Integer(2, step);
        message.Message(7, session);
        return [.. message._bytes];
    }

    /// <summary>Encodes the values of one step.</summary>
    internal static byte[] Scalars(double wallTime, long step, IEnumerable<(string Tag, double Value)> values)
    {
        var summary = new TensorBoardEvent();
        foreach (var (tag, value) in values)
        {
            var item = new TensorBoardEvent();
            item.Text(1, tag);
            item.Float(2, (float)value);
            summary.Message(1, item);
        }

        var message = new TensorBoardEvent();
        message.Double(1, wallTime);
        message.Integer(2, step);
        message.Message(5, summary);
        return [.. message._bytes];
    }

    private void Double(int field, double value)
    {
        Tag(field, Fixed64);
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        _bytes.AddRange(bytes);
    }

    private void Float(int field, float value)
    {
        Tag(field, Fixed32);
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        _bytes.AddRange(bytes);
    }

    private void Integer(int field, long value)
    {
        Tag(field, Varint);
        Number((ulong)value);
    }

    private void Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    private void Message(int field, TensorBoardEvent value) => Bytes(field, [.. value._bytes]);

    private void Bytes(int field, byte[] value)
    {
        Tag(field, LengthDelimited);
        Number((ulong)value.Length);
        _bytes.AddRange(value);
    }

    private void Tag(int field, int wireType) => Number((ulong)(field << 3 | wireType));

    private void Number(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _bytes.Add((byte)(value | 0x80));
        }
        _bytes.Add((byte)value);
    }
}
