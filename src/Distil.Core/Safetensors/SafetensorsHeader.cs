using System.Buffers.Binary;
using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Safetensors;

/// <summary>The header of a safetensors file: eight bytes of length (little endian), then JSON with each tensor's name, type, shape and offsets.</summary>
/// <remarks>The file is not trusted: every returned entry is checked to lie inside the file, not to overlap another and to have the size of its
/// shape.</remarks>
public sealed record SafetensorsHeader(IReadOnlyDictionary<string, SafetensorsEntry> Entries, IReadOnlyDictionary<string, string> Metadata, long DataStart)
{
    /// <summary>Longest header that is accepted, in bytes: the format's own limit.</summary>
    public const long MaxLength = 100_000_000;

    /// <summary>The header's entry that describes no tensor.</summary>
    public const string MetadataName = "__metadata__";

    /// <summary>Bytes of a file that contain the length of its header.</summary>
    public const int Prefix = sizeof(ulong);

    /// <summary>Number of bytes at the start of a file that contain its header.</summary>
    /// <param name="start">The file's first bytes: at least <see cref="Prefix"/>, or the whole file.</param>
    /// <param name="fileLength">Bytes of the file.</param>
    /// <param name="path">The file's name, for messages.</param>
    /// <exception cref="InvalidInputException">The file is no safetensors file, or is cut off inside its header.</exception>
    public static int BytesNeeded(ReadOnlySpan<byte> start, long fileLength, string path)
    {
        Require(!GitLfs.IsPointer(start), path, GitLfs.Advice);
        Require(fileLength >= Prefix && start.Length >= Prefix, path, $"{fileLength} bytes are too few for a safetensors file");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        Require(
            length <= MaxLength && (long)length <= fileLength - Prefix, path,
            $"says that its header has {length} bytes; the file has {fileLength} and a header at most {MaxLength} (cut off, or not safetensors)");
        return Prefix + (int)length;
    }

    /// <summary>Reads the header from a file's first bytes.</summary>
    /// <param name="start">The file's first bytes, as many as <see cref="BytesNeeded"/> or more.</param>
    /// <param name="fileLength">Bytes of the file, against which the places of the tensors are checked.</param>
    /// <param name="path">The file's name, for messages.</param>
    /// <exception cref="InvalidInputException">The file is truncated, or its header is invalid.</exception>
    public static SafetensorsHeader Parse(ReadOnlyMemory<byte> start, long fileLength, string path)
    {
        var end = BytesNeeded(start.Span, fileLength, path);
        try
        {
            using var document = JsonDocument.Parse(start[Prefix..end]);
            return new HeaderEntries(path, fileLength - end).Read(document.RootElement, end);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a name or string is not valid UTF-8 or UTF-16.
            throw new InvalidInputException($"{path}: the header is not valid JSON: {error.Message}", error);
        }
    }

    internal static void Require(bool holds, string path, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidInputException($"{path}: {otherwise}");
        }
    }
}
