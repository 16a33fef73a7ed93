using Distil.Core.Errors;
using Distil.Core.Runs;

namespace Distil.Trainer.Datasets;

/// <summary>A line of a file, without its end.</summary>
/// <param name="Path">The file.</param>
/// <param name="Offset">Where the line starts, in bytes.</param>
/// <param name="Bytes">The line; valid until the next is read.</param>
internal readonly record struct SourceLine(string Path, long Offset, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The error that this line is the cause of, with <c>file:line</c>.</summary>
    internal InvalidInputException Error(string problem, Exception? cause = null) => new($"{Path}:{Number()}: {problem}", cause);

    /// <summary>Counted only when a message needs it: a range need not start at the file's beginning.</summary>
    private long Number()
    {
        using var file = File.OpenRead(Path);
        var buffer = new byte[1 << 16];
        long number = 1;
        for (var left = Offset; left > 0;)
        {
            var read = file.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
            if (read == 0)
            {
                break;
            }

            number += buffer.AsSpan(0, read).Count((byte)'\n');
            left -= read;
        }

        return number;
    }
}

/// <summary>Streams the lines whose first byte lies in a range, however long they are.</summary>
internal static class SourceLines
{
    private const int BufferBytes = 1 << 18;

    /// <summary>The range's lines, in order. The bytes of one are valid until the next.</summary>
    internal static IEnumerable<SourceLine> Read(SourceRange range)
    {
        using var file = Open(range);
        var buffer = new byte[BufferBytes];
        var (start, filled) = (0, 0);
        var offset = file.Position;
        var skipping = range.Start > 0;
        while (true)
        {
            var length = buffer.AsSpan(start, filled - start).IndexOf((byte)'\n');
            if (length < 0)
            {
                (buffer, filled, start) = Shift(buffer, start, filled);
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

            if (offset >= range.End)
            {
                yield break;
            }

            if (!skipping)
            {
                yield return new SourceLine(range.Path, offset, Trim(buffer.AsMemory(start, length), offset));
            }

            skipping = false;
            start = Math.Min(start + length + 1, filled);
            offset += length + 1;
        }
    }

    private static FileStream Open(SourceRange range)
    {
        try
        {
            // From the byte before the range: where that ends a line, the range's first byte starts one.
            var file = new FileStream(range.Path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            file.Position = Math.Max(range.Start - 1, 0);
            return file;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{range.Path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Moves the unread part to the front, of a buffer twice as large where it fills the whole.</summary>
    private static (byte[] Buffer, int Filled, int Start) Shift(byte[] buffer, int start, int filled)
    {
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
