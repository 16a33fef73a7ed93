using System.Text;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>Finds the ends of documents in a text: line ends, blank lines, a given string, or none but the end of the file.</summary>
internal sealed class Separator
{
    private readonly byte[] _bytes;

    /// <param name="text">As <c>dataset.documentSeparator</c>: <c>\n</c>, <c>\n\n</c> for one or more blank lines, another string, or empty.</param>
    internal Separator(string text) => _bytes = Encoding.UTF8.GetBytes(text);

    /// <value>A line end.</value>
    internal static Separator Line { get; } = new("\n");

    /// <value>Whether a document is a line.</value>
    internal bool IsLine => _bytes.AsSpan().SequenceEqual("\n"u8);

    /// <value>Whether a document is a whole file.</value>
    internal bool IsFile => _bytes.Length == 0;

    /// <value>Number of bytes before unread ones in which a separator may begin that they complete.</value>
    internal int Overlap => Math.Max(_bytes.Length, 3) - 1;

    /// <summary>Finds the first separator; its index is −1 if there is none.</summary>
    internal (int Index, int Length) Find(ReadOnlySpan<byte> text) => IsFile ? (-1, 0)
        : _bytes.AsSpan().SequenceEqual("\n\n"u8) ? FindBlankLine(text)
        : (text.IndexOf(_bytes), _bytes.Length);

    // A line end, then a line of nothing. Further blank lines are empty documents, which are passed over.
    private static (int Index, int Length) FindBlankLine(ReadOnlySpan<byte> text)
    {
        for (var start = 0; text[start..].IndexOf((byte)'\n') is var found and >= 0; start += found + 1)
        {
            var next = start + found + 1;
            var second = next < text.Length && text[next] == '\r' ? next + 1 : next;
            if (second < text.Length && text[second] == '\n')
            {
                return (start + found, second + 1 - start - found);
            }
        }

        return (-1, 0);
    }
}
