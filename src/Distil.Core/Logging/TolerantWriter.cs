using System.Text;

namespace Distil.Core.Logging;

/// <summary>Writes for people, as long as somebody can receive it: a terminal that has gone, a closed stream or a full disk must not end the work.</summary>
/// <param name="writer">Receives the text.</param>
public sealed class TolerantWriter(TextWriter writer) : TextWriter
{
    /// <inheritdoc />
    public override Encoding Encoding => writer.Encoding;

    /// <inheritdoc />
    public override void Write(char value) => Try(() => writer.Write(value));

    /// <inheritdoc />
    public override void Write(char[] buffer, int index, int count) => Try(() => writer.Write(buffer, index, count));

    /// <inheritdoc />
    public override void Write(string? value) => Try(() => writer.Write(value));

    /// <inheritdoc />
    public override void WriteLine(string? value) => Try(() => writer.WriteLine(value));

    /// <inheritdoc />
    public override void Flush() => Try(writer.Flush);

    private static void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception lost) when (lost is IOException or UnauthorizedAccessException) // a closed stream is the latter
        {
            // There is no other place to say it.
        }
    }
}
