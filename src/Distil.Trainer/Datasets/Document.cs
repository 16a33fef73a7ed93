using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Distil.Trainer.Datasets;

/// <summary>Why a document cannot be used.</summary>
internal enum DocumentFault
{
    /// <summary>It can.</summary>
    None,

    /// <summary>The field or column is missing in it, or null.</summary>
    WithoutText,

    /// <summary>Its bytes are not UTF-8.</summary>
    NotUtf8,
}

/// <summary>A document: text to tokenise, or ids that are tokens already.</summary>
/// <param name="Text">Its text; null where it has ids or a fault.</param>
/// <param name="Ids">Its ids; null where it has text or a fault.</param>
/// <param name="Position">In [0, 1), from its bytes alone: below the eval share, it is held out.</param>
/// <param name="Bytes">Its length, uncompressed.</param>
internal sealed record Document(string? Text, int[]? Ids, double Position, int Bytes)
{
    /// <value>Whether there is nothing in it to learn from.</value>
    internal bool IsEmpty => Ids is null ? string.IsNullOrWhiteSpace(Text) : Ids.Length == 0;

    /// <value>Why it cannot be used.</value>
    internal DocumentFault Fault { get; init; }

    /// <value>Where it stands and what is wrong with it, for people; null where it has no fault.</value>
    internal string? Complaint { get; init; }

    /// <value>Bytes of the range, as stored, that were read when it was.</value>
    internal long Read { get; init; }

    /// <summary>A document that cannot be used.</summary>
    internal static Document Faulty(DocumentFault fault, string complaint, int bytes) => new(null, null, 0, bytes) { Fault = fault, Complaint = complaint };

    /// <summary>A document's <see cref="Position"/>.</summary>
    internal static double PositionOf(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return (BinaryPrimitives.ReadUInt64LittleEndian(hash) >> 11) * Math.ScaleB(1, -53);
    }
}
