using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Distil.Core.Errors;
using Distil.Inference.Layers;

namespace Distil.Inference.Engines;

/// <summary>The file of a saved state (docs/formats.md): a header of 64 bytes, the values, the cache of layers that keep attention position by position, and the
/// SHA-256 of all before it.</summary>
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
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(24), LengthOf(state.Engine, state.Position));
        state.Engine.Fingerprint.CopyTo(header, 32);
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(header);
        file.Write(header);
        ForEachPart(state, values =>
        {
            hash.AppendData(values);
            file.Write(values);
        });
        file.Write(hash.GetHashAndReset());
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
        Require(position >= 0 && !(position > engine.MaxPositions), path, $"has read {position} tokens; expected 0 to {engine.MaxPositions ?? long.MaxValue}");
        var bytes = HeaderBytes + sizeof(float) * LengthOf(engine, position) + HashBytes;
        Require(length == LengthOf(engine, position) && file.Length == bytes, path, $"has {file.Length} bytes; expected {bytes} (cut off?)");

        var state = new StudentState(engine) { Position = position };
        state.Cache?.Reserve(position);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(header);
        ForEachPart(state, values =>
        {
            file.ReadExactly(values);
            hash.AppendData(values);
        });
        var stored = new byte[HashBytes];
        file.ReadExactly(stored);
        if (!hash.GetHashAndReset().AsSpan().SequenceEqual(stored))
        {
            state.Dispose();
            throw new InvalidInputException($"{path}: is damaged: its SHA-256 is not the one that it contains");
        }

        return state;
    }

    private delegate void PartAction(Span<byte> values);

    /// <summary>Floats of a state.</summary>
    private static long LengthOf(StudentEngine engine, long position) => engine.StateLength + position * engine.CacheRecord;

    private static void ForEachPart(StudentState state, PartAction action)
    {
        action(MemoryMarshal.AsBytes(state.Values));
        for (long from = 0; state.Cache is { } cache && from < state.Position; from += AttentionCache.PagePositions)
        {
            action(MemoryMarshal.AsBytes(cache.From(from, state.Position)));
        }
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

    private static void Require(bool holds, string path, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidInputException($"{path}: {otherwise}");
        }
    }
}
