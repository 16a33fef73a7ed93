using Distil.Core.Sources;
using Distil.Core.Errors;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>Streams the lines whose first byte lies in a range, however long they are.</summary>
/// <param name="open">Opens files.</param>
internal sealed class SourceLines(SourceOpener open)
{
    private const int BufferBytes = 1 << 18;
    private const int MaxBytes = 1 << 30;

    /// <summary>Returns the lines of the range in order. The bytes of a line are valid until the next one is read.</summary>
    /// <exception cref="InvalidInputException">The file cannot be opened, is damaged, or has a line of more than 1 GiB.</exception>
    internal IEnumerable<SourceLine> Read(SourceRange range)
    {
        // Reading starts at the byte before the range: if a line ends there, the range's first byte starts a line.
        using var file = open.OpenText(range with { Start = Math.Max(range.Start - 1, 0) });
        var buffer = new byte[BufferBytes];
        var (start, filled) = (0, 0);
        var offset = file.Offset;
        var skipping = range.Start > 0;
        while (true)
        {
            var length = buffer.AsSpan(start, filled - start).IndexOf((byte)'\n');
            if (length < 0)
            {
                (buffer, filled, start) = Shift(buffer, start, filled, range);
                var searched = filled;
                var read = file.Read(buffer, filled, buffer.Length - filled);
                filled += read;
                length = buffer.AsSpan(searched, read).IndexOf((byte)'\n');
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
            start = Math.Min(start + length + 1, filled);
            offset += length + 1;
        }
    }

    /// <summary>Moves the unread part to the front; if it fills the whole buffer, to a buffer twice as large.</summary>
    private static (byte[] Buffer, int Filled, int Start) Shift(byte[] buffer, int start, int filled, SourceRange range)
    {
        if (filled - start >= MaxBytes)
        {
            throw new InvalidInputException($"{range.Name}: has a line of more than {MaxBytes >> 30} GiB; expected a document a line");
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
