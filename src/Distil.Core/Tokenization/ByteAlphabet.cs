using System.Text;

namespace Distil.Core.Tokenization;

/// <summary>GPT-2's spelling of bytes as visible characters, which byte-level vocabularies use.</summary>
internal static class ByteAlphabet
{
    private static readonly char[] Characters = new char[256];
    private static readonly Dictionary<char, byte> Bytes = [];

    static ByteAlphabet()
    {
        var moved = 0;
        for (var value = 0; value < 256; value++)
        {
            var visible = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            Characters[value] = (char)(visible ? value : 256 + moved++);
            Bytes[Characters[value]] = (byte)value;
        }
    }

    /// <summary>The characters of all bytes, in the order of Hugging Face's alphabet (by code point).</summary>
    internal static IEnumerable<char> Sorted => Characters.Order();

    /// <summary>The character that represents a byte.</summary>
    internal static char Character(byte value) => Characters[value];

    /// <summary>A text's UTF-8 bytes, spelled as their characters.</summary>
    internal static string Spell(ReadOnlySpan<char> text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, bytes);
        return string.Create(bytes.Length, bytes, static (span, from) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = Characters[from[i]];
            }
        });
    }

    /// <summary>The bytes that a token represents: those of its characters or, as in Hugging Face, its UTF-8 bytes if one of its characters represents no
    /// byte.</summary>
    internal static byte[] BytesOf(string token)
    {
        var bytes = new byte[token.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            if (!Bytes.TryGetValue(token[i], out bytes[i]))
            {
                return Encoding.UTF8.GetBytes(token);
            }
        }

        return bytes;
    }
}
