using System.Buffers.Binary;

namespace Distil.Trainer.Ranks;

/// <summary>Messages between process 0 and another, over that one's input and output: a byte that names the kind, the length as 4 bytes, the content.</summary>
internal static class RankMessages
{
    private const int HeaderBytes = 5;

    /// <summary>Kinds of message.</summary>
    internal enum Kind : byte
    {
        /// <summary>To the process, first: a <see cref="RankPlace"/> as JSON.</summary>
        Place = 1,

        /// <summary>From the process: it is about to join the group. Empty.</summary>
        Ready,

        /// <summary>To the process: a work to do.</summary>
        Work,

        /// <summary>From the process: a part of its work's output.</summary>
        Output,

        /// <summary>From the process: its work is done. Empty.</summary>
        Done,

        /// <summary>From the process, last: a <see cref="Core.Jobs.JobFailure"/> as JSON.</summary>
        Failure,
    }

    /// <summary>Writes a message.</summary>
    internal static void Write(Stream stream, Kind kind, ReadOnlySpan<byte> content)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        header[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(header[1..], content.Length);
        stream.Write(header);
        stream.Write(content);
        stream.Flush();
    }

    /// <summary>Reads a message; null at the end of the stream, also in the middle of a message.</summary>
    internal static (Kind Kind, byte[] Content)? Read(Stream stream)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (stream.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes)
        {
            return null;
        }

        var content = new byte[BinaryPrimitives.ReadInt32LittleEndian(header[1..])];
        return stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) < content.Length ? null : ((Kind)header[0], content);
    }
}
