using System.Buffers;
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

        /// <summary>From the process, last: as <see cref="Failure"/>, of a sum, which may have failed because another process ended.</summary>
        SumFailure,
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
    /// <remarks>An <see cref="Kind.Output"/> is in an array of the shared pool, which may be longer: outputs are many and large.</remarks>
    internal static (Kind Kind, byte[] Content)? Read(Stream stream)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (stream.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes)
        {
            return null;
        }

        var (kind, length) = ((Kind)header[0], BinaryPrimitives.ReadInt32LittleEndian(header[1..]));
        var content = kind == Kind.Output ? ArrayPool<byte>.Shared.Rent(length) : new byte[length];
        return stream.ReadAtLeast(content.AsSpan(0, length), length, throwOnEndOfStream: false) < length ? null : (kind, content);
    }
}
