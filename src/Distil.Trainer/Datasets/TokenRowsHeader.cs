using System.Buffers.Binary;
using System.Security.Cryptography;
using Distil.Core.Errors;

namespace Distil.Trainer.Datasets;

/// <summary>The header of a token-rows file: 40 bytes, little-endian.</summary>
/// <remarks>
/// Layout: magic "DISTROWS", int32 version (a <see cref="RowsForm"/>), int32 contextLength, int32 bytes of an id (2 or 4), int32 0, int64 rows, int64 tokens; then
/// the rows; then the SHA-256 of the rows followed by the header (a writer knows the header last). A row consists of contextLength ids, filled with zeros.
/// With masks, its number of tokens (int32) follows, and a bit for each token, lowest first, padded to a byte: 1 if the token counts in the losses; with
/// documents, as many bits again: 1 if a document begins with the token. Without masks only the last row may be short.
/// </remarks>
/// <param name="ContextLength">Tokens in a row.</param>
/// <param name="IdBytes">Bytes of an id.</param>
/// <param name="Rows">Number of rows.</param>
/// <param name="Tokens">Number of real tokens.</param>
/// <param name="Form">What a row consists of.</param>
internal readonly record struct TokenRowsHeader(int ContextLength, int IdBytes, long Rows, long Tokens, RowsForm Form)
{
    internal const int Bytes = 40;

    /// <value>Whether the rows have masks.</value>
    internal bool IsMasked => Form != RowsForm.Ids;

    /// <value>Bytes of a row's ids.</value>
    internal int IdsBytes => ContextLength * IdBytes;

    /// <value>Bytes of a row.</value>
    internal int RowBytes => IdsBytes + Form switch { RowsForm.Ids => 0, RowsForm.Masks => sizeof(int) + BitsBytes, _ => sizeof(int) + 2 * BitsBytes };

    /// <value>Bytes of a bit for each token of a row.</value>
    internal int BitsBytes => (ContextLength + 7) / 8;

    private static ReadOnlySpan<byte> Magic => "DISTROWS"u8;

    internal void Write(Span<byte> to)
    {
        Magic.CopyTo(to);
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], (int)Form);
        BinaryPrimitives.WriteInt32LittleEndian(to[12..], ContextLength);
        BinaryPrimitives.WriteInt32LittleEndian(to[16..], IdBytes);
        BinaryPrimitives.WriteInt32LittleEndian(to[20..], 0);
        BinaryPrimitives.WriteInt64LittleEndian(to[24..], Rows);
        BinaryPrimitives.WriteInt64LittleEndian(to[32..], Tokens);
    }

    internal static TokenRowsHeader Read(ReadOnlySpan<byte> from, long fileBytes, string path)
    {
        if (from.Length < Bytes || !from.StartsWith(Magic))
        {
            throw new InvalidInputException($"{path}: is not a token-rows file; expected one that starts with DISTROWS");
        }

        var version = BinaryPrimitives.ReadInt32LittleEndian(from[8..]);
        var form = (RowsForm)version;
        if (!Enum.IsDefined(form))
        {
            throw new InvalidInputException($"{path}: has version {version}; this program reads versions {(int)RowsForm.Ids} to {(int)RowsForm.Documents}");
        }

        var header = new TokenRowsHeader(
            BinaryPrimitives.ReadInt32LittleEndian(from[12..]),
            BinaryPrimitives.ReadInt32LittleEndian(from[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[32..]),
            form);
        var (context, width, rows, tokens, _) = header;
        // The number of rows is first bounded by the file's length, so that no product below overflows.
        if (context < 1 || width is not (2 or 4) || rows < 0 || rows > fileBytes || context > int.MaxValue / 8
            || tokens > (Int128)rows * context || tokens <= (header.IsMasked ? rows - 1 : (Int128)(rows - 1) * context))
        {
            throw new InvalidInputException($"{path}: its header is damaged (contextLength {context}, id bytes {width}, rows {rows}, tokens {tokens})");
        }

        var expected = Bytes + (Int128)rows * header.RowBytes + SHA256.HashSizeInBytes;
        return expected == fileBytes
            ? header
            : throw new InvalidInputException($"{path}: has {fileBytes} bytes; its header ({rows} rows of {context}) needs {expected}");
    }
}
