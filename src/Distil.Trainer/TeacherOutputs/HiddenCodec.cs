using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Distil.Core.Specification;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>The bytes of positions' mean hidden states.</summary>
/// <remarks>A group of numbers has a scale and codes as a block of exported weights has (BlockRounding): in int8, the largest has the code 127 or −127; in int4, the
/// number farthest from 0 has −8. The scale is a float16 before the group's codes, and a code is the nearest to its number over the rounded scale.</remarks>
/// <param name="form">How a number is stored.</param>
/// <param name="width">D.</param>
internal sealed class HiddenCodec(HiddenForm form, int width)
{
    private const int ScaleBytes = 2;

    /// <value>Bytes of a position.</value>
    internal int Bytes { get; } = form.BytesOf(width);

    /// <summary>Encodes states in int8 or int4; in float16 their bytes are the encoded ones.</summary>
    /// <param name="states">Numbers of whole positions, finite.</param>
    /// <param name="bytes">Receives <see cref="Bytes"/> for each position.</param>
    internal void Encode(ReadOnlySpan<Half> states, Span<byte> bytes)
    {
        Span<float> group = stackalloc float[HiddenForms.Group];
        for (; !states.IsEmpty; states = states[width..])
        {
            for (var rest = states[..width]; !rest.IsEmpty; rest = rest[Math.Min(group.Length, rest.Length)..])
            {
                var values = group[..Math.Min(group.Length, rest.Length)];
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = (float)rest[i];
                }

                bytes = bytes[EncodeGroup(values, bytes)..];
            }
        }
    }

    /// <summary>Decodes states.</summary>
    /// <param name="bytes"><see cref="Bytes"/> for each position.</param>
    /// <param name="states">Receives the numbers.</param>
    /// <exception cref="InvalidDataException">A scale is not finite: no writer wrote it.</exception>
    internal void Decode(ReadOnlySpan<byte> bytes, Span<Half> states)
    {
        if (form == HiddenForm.Fp16)
        {
            bytes.CopyTo(MemoryMarshal.AsBytes(states));
            return;
        }

        for (; !bytes.IsEmpty; states = states[width..])
        {
            for (var rest = states[..width]; !rest.IsEmpty;)
            {
                var group = rest[..Math.Min(HiddenForms.Group, rest.Length)];
                bytes = bytes[DecodeGroup(bytes, group)..];
                rest = rest[group.Length..];
            }
        }
    }

    /// <returns>The number of bytes written.</returns>
    private int EncodeGroup(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        var farthest = 0f;
        foreach (var value in values)
        {
            farthest = Math.Abs(value) > Math.Abs(farthest) ? value : farthest;
        }

        var scale = (Half)(form == HiddenForm.Int8 ? Math.Abs(farthest) / 127 : farthest / -8);
        var each = scale == Half.Zero ? 0 : 1 / (float)scale;
        BinaryPrimitives.WriteHalfLittleEndian(bytes, scale);
        var codes = bytes[ScaleBytes..];
        if (form == HiddenForm.Int8)
        {
            for (var i = 0; i < values.Length; i++)
            {
                codes[i] = (byte)(sbyte)Math.Clamp(MathF.Round(values[i] * each), -127, 127);
            }

            return ScaleBytes + values.Length;
        }

        for (var i = 0; i < values.Length; i++)
        {
            var code = (int)Math.Clamp(MathF.Round(values[i] * each), -8, 7) + 8;
            codes[i / 2] = (byte)(i % 2 == 0 ? code : codes[i / 2] | (code << 4));
        }

        return ScaleBytes + ((values.Length + 1) / 2);
    }

    // The largest float16 over a rounded scale, times it, may be beyond that number.
    private static Half Number(int code, Half scale) => (Half)Math.Clamp(code * (float)scale, (float)Half.MinValue, (float)Half.MaxValue);

    /// <returns>The number of bytes read.</returns>
    private int DecodeGroup(ReadOnlySpan<byte> bytes, Span<Half> values)
    {
        var scale = BinaryPrimitives.ReadHalfLittleEndian(bytes);
        if (!Half.IsFinite(scale))
        {
            throw new InvalidDataException($"a mean hidden state has the scale {scale}");
        }

        var codes = bytes[ScaleBytes..];
        if (form == HiddenForm.Int8)
        {
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = Number((sbyte)codes[i], scale);
            }

            return ScaleBytes + values.Length;
        }

        Span<Half> table = stackalloc Half[16];
        for (var code = 0; code < table.Length; code++)
        {
            table[code] = Number(code - 8, scale);
        }

        for (var i = 0; i < values.Length; i++)
        {
            values[i] = table[codes[i / 2] >> (i % 2 * 4) & 15];
        }

        return ScaleBytes + ((values.Length + 1) / 2);
    }
}
