using System.Buffers.Binary;
using System.Security.Cryptography;
using Distil.Core.Artifacts;
using Distil.Trainer.Datasets.Chats;

namespace Distil.Trainer.Datasets;

/// <summary>Why a document cannot be used.</summary>
internal enum DocumentFault
{
    /// <summary>It can be used.</summary>
    None,

    /// <summary>The field or column is missing or null.</summary>
    WithoutText,

    /// <summary>Its bytes are not UTF-8, or an escape in it is half of a surrogate pair, which UTF-8 cannot represent.</summary>
    NotUtf8,
}

/// <summary>A document: text to tokenise, or ids that are already tokens.</summary>
/// <param name="Text">Its text; null if it has ids or a fault, or is a conversation.</param>
/// <param name="Ids">Its ids; null if it has text or a fault, or is a conversation.</param>
/// <param name="Position">In [0, 1), computed from its bytes alone; if it is below the eval share, the document is held out.</param>
/// <param name="Bytes">Its length, uncompressed.</param>
internal sealed record Document(string? Text, int[]? Ids, double Position, int Bytes)
{
    /// <summary>What is wrong with a conversation whose tokens do not count.</summary>
    internal const string Unlabelled = "has no token to train on within a row";

    /// <value>Whether it contains nothing to learn from.</value>
    internal bool IsEmpty => Chat is null && (Ids is null ? string.IsNullOrWhiteSpace(Text) : Ids.Length == 0);

    /// <value>The conversation, if it is one instead of a text or ids.</value>
    internal Conversation? Chat { get; init; }

    /// <value>Why it cannot be used.</value>
    internal DocumentFault Fault { get; init; }

    /// <value>Returns its place and what is wrong with it, for people; null if it has no fault. To find the place, the file may be read again, so it is
    /// called for one document of a file, not for each.</value>
    internal Func<string?> Complaint { get; init; } = () => null;

    /// <value>Bytes of the range, as stored, that had been read after this document.</value>
    internal long Read { get; init; }

    /// <summary>Creates a document that cannot be used.</summary>
    internal static Document Faulty(DocumentFault fault, Func<string> complaint, int bytes) => new(null, null, 0, bytes) { Fault = fault, Complaint = complaint };

    /// <summary>Adds this document to the counts of those that cannot be used.</summary>
    internal DocumentCounts CountFault(DocumentCounts counts) => Fault switch
    {
        DocumentFault.WithoutText => counts with { WithoutText = counts.WithoutText + 1, FirstFault = counts.FirstFault ?? Complaint() },
        DocumentFault.NotUtf8 => counts with { NotUtf8 = counts.NotUtf8 + 1, FirstFault = counts.FirstFault ?? Complaint() },
        _ => counts,
    };

    /// <summary>Adds this document, which gave no tokens, to the counts of those that were passed over.</summary>
    internal DocumentCounts CountPassedOver(DocumentCounts counts) => this switch
    {
        { Fault: not DocumentFault.None } => CountFault(counts),
        { Chat: { } chat } => counts with { WithoutLabel = counts.WithoutLabel + 1, FirstFault = counts.FirstFault ?? chat.Complaint(Unlabelled) },
        _ => counts with { Empty = counts.Empty + 1 },
    };

    /// <summary>A document's <see cref="Position"/>.</summary>
    internal static double PositionOf(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return (BinaryPrimitives.ReadUInt64LittleEndian(hash) >> 11) * Math.ScaleB(1, -53);
    }
}
