namespace Distil.Core.Sources;

/// <summary>Recognises text that is not UTF-8, and bytes that are no text, by their beginning.</summary>
internal static class TextEncodings
{
    /// <summary>A text has next to no NUL; UTF-16 of English has one in every second byte.</summary>
    private const int BytesPerNul = 10;

    /// <summary>The encoding, with how it was recognised; null if the beginning may be UTF-8.</summary>
    public static string? Find(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE, 0, 0]) || head.StartsWith((ReadOnlySpan<byte>)[0, 0, 0xFE, 0xFF]))
        {
            return $"UTF-32 by its first bytes ({FileSignatures.Show(head)})";
        }

        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || head.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
        {
            return $"UTF-16 by its first bytes ({FileSignatures.Show(head[..2])})";
        }

        var nuls = head.Count((byte)0);
        if (nuls == 0 || nuls < head.Length / BytesPerNul)
        {
            return null;
        }

        var odd = 0;
        for (var at = 1; at < head.Length; at += 2)
        {
            odd += head[at] == 0 ? 1 : 0;
        }

        return odd == nuls ? "UTF-16 (little-endian): every second byte is NUL"
            : odd == 0 ? "UTF-16 (big-endian): every second byte is NUL"
            : "no text: it contains many NUL bytes";
    }
}
