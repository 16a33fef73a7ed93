using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Artifacts;

namespace Distil.Cli.Engine.Journal;

/// <summary>An entry as a line of text: a checksum, a space, the entry's JSON, a line feed.</summary>
internal static class JournalLine
{
    private const int ChecksumLength = 16;

    /// <summary>Returns the line of an entry, including its line feed.</summary>
    internal static byte[] Write(JournalEntry entry) => Seal(JsonSerializer.SerializeToUtf8Bytes(entry, DistilJson.Options));

    /// <summary>Returns the line of an entry's JSON.</summary>
    internal static byte[] Seal(byte[] json) => [.. Encoding.ASCII.GetBytes(Checksum(json)), (byte)' ', .. json, (byte)'\n'];

    /// <summary>Reads a line without its line feed.</summary>
    /// <param name="line">The line.</param>
    /// <param name="foreign">Describes what shows that another version of distil wrote the line, if it is intact but cannot be used; else null.</param>
    /// <returns>Null if the line is incomplete, damaged or foreign.</returns>
    internal static JournalEntry? Read(ReadOnlySpan<byte> line, out string? foreign)
    {
        foreign = null;
        if (line.Length <= ChecksumLength || line[ChecksumLength] != ' ')
        {
            return null;
        }

        var json = line[(ChecksumLength + 1)..];
        if (Encoding.ASCII.GetString(line[..ChecksumLength]) != Checksum(json))
        {
            return null;
        }

        try
        {
            if (DocumentVersion.Find(json) is { } version && version != DocumentVersion.Pipeline)
            {
                foreign = DocumentVersion.Describe(version, DocumentVersion.Pipeline);
            }
            else if (JsonSerializer.Deserialize<JournalEntry>(json, DistilJson.Options) is { } entry)
            {
                if (entry is not { Kind: JournalKind.Start, Version: null })
                {
                    return entry;
                }

                foreign = DocumentVersion.Describe(version: 1, DocumentVersion.Pipeline); // the first had no number
            }
        }
        catch (JsonException unknown)
        {
            foreign = $"an entry is not known here ({unknown.Message})";
        }

        return null;
    }

    // 64 bits are enough to detect damage; they do not protect against forgery.
    private static string Checksum(ReadOnlySpan<byte> json) => Convert.ToHexStringLower(SHA256.HashData(json).AsSpan(0, ChecksumLength / 2));
}
