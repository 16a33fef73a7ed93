using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>Streams the lines whose first byte lies in a range, however long they are, or the pieces of whole files between other separators.</summary>
/// <param name="open">Opens files.</param>
/// <param name="format">The format in which they are read, against which the beginning of each file is checked.</param>
/// <param name="separator">What ends a piece; null for a line end. With another one, a range must be a whole file.</param>
internal sealed class SourceLines(SourceOpener open, DatasetFormat format, Separator? separator = null)
{
    private const int BufferBytes = 1 << 18;
    // A document is decoded and tokenised as a whole, which takes twelve times its bytes.
    private const int MaxBytes = 1 << 26;

    private readonly Separator _separator = separator ?? Separator.Line;

    /// <summary>Returns the lines of the range in order. The bytes of a line are valid until the next one is read.</summary>
    /// <exception cref="InvalidInputException">The file cannot be opened, is damaged, or has a line of more than 64 MiB.</exception>
    internal IEnumerable<SourceLine> Read(SourceRange range)
    {
        // Reading starts at the byte before the range: if a line ends there, the range's first byte starts a line.
        using var file = open.OpenText(range with { Start = Math.Max(range.Start - 1, 0) }, format);
        var buffer = new byte[BufferBytes];
        var (start, filled) = (0, 0);
        var offset = file.Offset;
        var skipping = range.Start > 0;
        while (true)
        {
            var (length, ended) = _separator.Find(buffer.AsSpan(start, filled - start));
            if (length < 0)
            {
                (buffer, filled, start) = Shift(buffer, start, filled, range);
                var searched = Math.Max(filled - _separator.Overlap, 0);
                var read = file.Read(buffer, filled, buffer.Length - filled);
                filled += read;
                (length, ended) = _separator.Find(buffer.AsSpan(searched, filled - searched));
                length = length >= 0 ? searched + length : read == 0 ? filled : -1;
                if (read == 0 && filled == 0)
                {
                    yield break;
                }

                if (length < 0)
                {
                    continue;
                }
            }

            if (offset >= file.End)
            {
                yield break;
            }

            if (!skipping)
            {
                yield return new SourceLine(open, range, offset, Trim(buffer.AsMemory(start, length), offset), file.BytesRead);
            }

            skipping = false;
            start = Math.Min(start + length + ended, filled);
            offset += length + ended;
        }
    }

    /// <summary>Moves the unread part to the front; if it fills the whole buffer, to a buffer twice as large.</summary>
    private static (byte[] Buffer, int Filled, int Start) Shift(byte[] buffer, int start, int filled, SourceRange range)
    {
        if (filled - start >= MaxBytes)
        {
            throw new InvalidInputException($"{range.Name}: has a document of more than {MaxBytes >> 20} MiB; expected shorter ones");
        }

        var target = start == 0 && filled == buffer.Length ? new byte[buffer.Length * 2] : buffer;
        Buffer.BlockCopy(buffer, start, target, 0, filled - start);
        return (target, filled - start, 0);
    }

    private static ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> line, long offset)
    {
        if (offset == 0 && line.Span.StartsWith("\uFEFF"u8))
        {
            line = line[3..];
        }

        return line.Span.EndsWith("\r"u8) ? line[..^1] : line;
    }
}
