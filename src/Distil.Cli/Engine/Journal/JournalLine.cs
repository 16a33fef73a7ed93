using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Distil.Core;

namespace Distil.Cli.Engine.Journal;

/// <summary>An entry as a line of text: a checksum, a space, the entry's JSON, a line feed.</summary>
internal static class JournalLine
{
    private const int ChecksumLength = 16;

    /// <summary>The line of an entry, its line feed included.</summary>
    internal static byte[] Write(JournalEntry entry) => Seal(JsonSerializer.SerializeToUtf8Bytes(entry, DistilJson.Options));

    /// <summary>The line of an entry's JSON.</summary>
    internal static byte[] Seal(byte[] json) => [.. Encoding.ASCII.GetBytes(Checksum(json)), (byte)' ', .. json, (byte)'\n'];

    /// <summary>Reads a line without its line feed.</summary>
    /// <returns>False where it is torn or damaged.</returns>
    internal static bool TryRead(ReadOnlySpan<byte> line, [NotNullWhen(true)] out JournalEntry? entry)
    {
        entry = null;
        if (line.Length <= ChecksumLength || line[ChecksumLength] != ' ')
            return false;

        var json = line[(ChecksumLength + 1)..];
        if (Encoding.ASCII.GetString(line[..ChecksumLength]) != Checksum(json))
            return false;

        try
        {
            entry = JsonSerializer.Deserialize<JournalEntry>(json, DistilJson.Options);
            return entry is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    // 64 bits: enough to find damage; nobody is kept from forging.
    private static string Checksum(ReadOnlySpan<byte> json) => Convert.ToHexStringLower(SHA256.HashData(json).AsSpan(0, ChecksumLength / 2));
}
