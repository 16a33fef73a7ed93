using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Distil.Core.Errors;

namespace Distil.Inference.Engines;

/// <summary>The file of a saved state (docs/formats.md): a header of 64 bytes, the values, and the SHA-256 of both.</summary>
internal static class StateFile
{
    private const int Version = 1;
    private const int HeaderBytes = 64;
    private const int HashBytes = 32;

    private static ReadOnlySpan<byte> Magic => "DISTSTAT"u8;

    internal static void Write(string path, StudentState state)
    {
        var header = new byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), Version);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), state.Position);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(24), state.Values.Length);
        state.Engine.Fingerprint.CopyTo(header, 32);
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        var values = MemoryMarshal.AsBytes(state.Values);
        file.Write(header);
        file.Write(values);
        file.Write(Hash(header, values));
        file.Flush(flushToDisk: true);
    }

    internal static StudentState Read(string path, StudentEngine engine)
    {
        using var file = Open(path);
        var header = new byte[HeaderBytes];
        if (file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes || !header.AsSpan().StartsWith(Magic))
        {
            throw new InvalidInputException($"{path}: is not a saved state; expected a file that begins with {System.Text.Encoding.ASCII.GetString(Magic)}");
        }

        var version = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(8));
        Require(version == Version, path, $"has version {version}; this program reads version {Version}");
        Require(header.AsSpan(32).SequenceEqual(engine.Fingerprint), path, "is the state of another model");
        var (position, length) = (BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(16)), BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(24)));
        var bytes = HeaderBytes + engine.StateBytes + HashBytes;
        Require(length == engine.StateLength && position >= 0 && file.Length == bytes, path, $"has {file.Length} bytes; expected {bytes} (cut off?)");

        var state = new StudentState(engine) { Position = position };
        var values = MemoryMarshal.AsBytes(state.Values);
        file.ReadExactly(values);
        var hash = new byte[HashBytes];
        file.ReadExactly(hash);
        if (!hash.AsSpan().SequenceEqual(Hash(header, values)))
        {
            state.Dispose();
            throw new InvalidInputException($"{path}: is damaged: its SHA-256 is not the one that it contains");
        }

        return state;
    }

    private static FileStream Open(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path}: cannot be read: {error.Message}", error);
        }
    }

    private static byte[] Hash(ReadOnlySpan<byte> header, ReadOnlySpan<byte> values)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(header);
        hash.AppendData(values);
        return hash.GetHashAndReset();
    }

    private static void Require(bool holds, string path, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidInputException($"{path}: {otherwise}");
        }
    }
}
