using System.Globalization;
using System.Text;

namespace Distil.Core.Tokenization;

/// <summary>How tokens of the SentencePiece kind are spelled: characters as they are, ▁ for a space, and &lt;0x0A&gt; for a byte that no token spells
/// (<c>byte_fallback</c>).</summary>
internal static class PieceAlphabet
{
    /// <summary>Stands for a space.</summary>
    internal const char Space = '▁';

    /// <summary>The token of a byte.</summary>
    internal static string Token(int value) => string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>");

    /// <summary>The byte that a token stands for; null if it is another token.</summary>
    internal static byte? ByteOf(string token) =>
        token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
        && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;

    /// <summary>The bytes that a token represents.</summary>
    internal static byte[] BytesOf(string token) => ByteOf(token) is { } value ? [value] : Encoding.UTF8.GetBytes(token.Replace(Space, ' '));

    /// <summary>The text of some tokens: bytes in a row that are not UTF-8 become U+FFFD each, as in Hugging Face.</summary>
    /// <param name="tokens">Each token's bytes, and whether it stands for a byte.</param>
    /// <param name="stripsSpace">Whether a space at the start of the text is dropped.</param>
    internal static string Decode(IEnumerable<(byte[] Bytes, bool IsByte)> tokens, bool stripsSpace)
    {
        var (text, run) = (new StringBuilder(), new List<byte>());
        foreach (var (bytes, isByte) in tokens)
        {
            if (isByte)
            {
                run.AddRange(bytes);
                continue;
            }

            End(run, text);
            text.Append(Encoding.UTF8.GetString(bytes));
        }

        End(run, text);
        return stripsSpace && text.Length > 0 && text[0] == ' ' ? text.ToString(1, text.Length - 1) : text.ToString();
    }

    private static void End(List<byte> run, StringBuilder text)
    {
        try
        {
            text.Append(Strict.GetString([.. run]));
        }
        catch (DecoderFallbackException)
        {
            text.Append('\uFFFD', run.Count);
        }

        run.Clear();
    }

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
}
