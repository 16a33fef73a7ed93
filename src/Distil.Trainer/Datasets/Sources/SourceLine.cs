using Distil.Core.Sources;
using Distil.Core.Errors;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>A line of a file, without its line end.</summary>
/// <param name="Open">Opens the file again, to count lines.</param>
/// <param name="Range">The range that is read.</param>
/// <param name="Offset">Where the line starts, in bytes of the uncompressed file.</param>
/// <param name="Bytes">The line; valid until the next line is read.</param>
/// <param name="Read">Bytes of the range, as stored, that have been read so far.</param>
internal readonly record struct SourceLine(SourceOpener Open, SourceRange Range, long Offset, ReadOnlyMemory<byte> Bytes, long Read)
{
    /// <summary>The error that this line causes, with <c>file:line</c>.</summary>
    internal InvalidInputException Error(string problem, Exception? cause = null) => new(Complaint(problem), cause);

    /// <summary>What is wrong with this line, with <c>file:line</c>, or with its byte offset if counting lines would read too much.</summary>
    internal string Complaint(string problem) => $"{Range.Name}{Place()}: {problem}";

    /// <summary>Lines are counted only if a message needs it, because a range may start in the middle of a file.</summary>
    private string Place()
    {
        const long most = 1L << 28;
        if (Offset > most)
        {
            return $" (byte {Offset})";
        }

        using var file = Open.OpenText(Range with { Start = 0 });
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

        return $":{number}";
    }
}
