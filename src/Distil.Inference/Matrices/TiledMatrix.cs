using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Distil.Inference.Matrices;

/// <summary>A matrix of small integers, in tiles of 16 rows and 32 columns that a product reads from the first byte to the last.</summary>
/// <remarks>
/// A tile is its rows' 16 scales and then lines of 64 bytes. In 8 bits, line i has the codes of columns 4i to 4i + 3, four bytes a row. In 4 bits, it has those
/// of columns 8i to 8i + 3 in the lower halves of its bytes and of 8i + 4 to 8i + 7 in the upper ones. The tiles of 16 rows follow each other; rows and columns
/// that fill up the last tiles are 0. Inputs are integers too, of 16 bits (<see cref="RoundedInputs"/>), so that the sum in a block is exact on every processor.
/// </remarks>
/// <param name="rows">Number of rows.</param>
/// <param name="columns">Number of columns.</param>
/// <param name="storage">Its memory.</param>
internal sealed unsafe class TiledMatrix<TFormat>(int rows, int columns, BlockStorage storage) : Matrix(rows, columns)
    where TFormat : struct, IQuantizedFormat
{
    /// <summary>Rows of a tile.</summary>
    internal const int TileRows = 16;

    private const int LineBytes = 64;

    // A processor fetches ahead within a page at most, and its own loads reach no farther than 2 KB: half the bandwidth. Measured: 1, 2, 4 and 8 KB.
    private const int Ahead = 4096;

    /// <value>Bytes of a tile.</value>
    internal static int TileBytes => TileRows * (sizeof(float) + Block * TFormat.Bits / 8);

    /// <inheritdoc/>
    internal override long Bytes => BytesOf(Rows, Columns);

    /// <inheritdoc/>
    internal override BlockStorage Storage => storage;

    /// <inheritdoc/>
    internal override int PreparedLength => RoundedInputs.LengthOf(Blocks);

    /// <summary>Bytes of a matrix.</summary>
    internal static long BytesOf(int rows, int columns) => (long)((rows + TileRows - 1) / TileRows) * BlocksOf(columns) * TileBytes;

    /// <summary>Stores a block of one row.</summary>
    /// <param name="tile">Its tile.</param>
    /// <param name="row">Its row in the tile.</param>
    /// <param name="weights">32 weights.</param>
    internal static void Write(byte* tile, int row, ReadOnlySpan<float> weights)
    {
        Span<byte> codes = stackalloc byte[Block];
        ((float*)tile)[row] = TFormat.Round(weights, codes);
        var lines = tile + LineBytes + row * sizeof(int);
        for (var i = 0; i < Block; i++)
        {
            if (TFormat.Bits == 8)
            {
                lines[i / 4 * LineBytes + i % 4] = codes[i];
            }
            else if (i % 8 < 4)
            {
                lines[i / 8 * LineBytes + i % 4] = (byte)(codes[i] | (codes[i + 4] << 4));
            }
        }
    }

    /// <inheritdoc/>
    internal override void Prepare(RowBlock x, RowBlock prepared, int count)
    {
        if (AvxVnni.IsSupported)
        {
            RoundedInputs.Write<VnniDot>(x, prepared, count, Columns, TFormat.Zero);
        }
        else if (Avx2.IsSupported)
        {
            RoundedInputs.Write<PairDot>(x, prepared, count, Columns, TFormat.Zero);
        }
        else
        {
            RoundedInputs.Write<PlainDot>(x, prepared, count, Columns, TFormat.Zero);
        }
    }

    /// <inheritdoc/>
    internal override void Multiply(RowBlock x, RowBlock y, int count, int from, int to)
    {
        if (AvxVnni.IsSupported)
        {
            Multiply<VnniDot>(x, y, count, from, to);
        }
        else if (Avx2.IsSupported)
        {
            Multiply<PairDot>(x, y, count, from, to);
        }
        else
        {
            Multiply<PlainDot>(x, y, count, from, to);
        }
    }

    /// <summary>The product with one way of multiplying integers.</summary>
    internal void Multiply<TDot>(RowBlock x, RowBlock y, int count, int from, int to)
        where TDot : struct, IIntegerDot
    {
        var results = stackalloc float[TileRows];
        var blocks = Blocks;
        for (var row = from / TileRows * TileRows; row < to; row += TileRows)
        {
            var tile = storage.Data + (long)(row / TileRows) * blocks * TileBytes;
            var (first, end) = (Math.Max(row, from), Math.Min(row + TileRows, to));
            for (var input = 0; input < count; input++)
            {
                Multiply<TDot>(tile, x[input], blocks, results);
                new ReadOnlySpan<float>(results + first - row, end - first).CopyTo(new(y[input] + first, end - first));
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => storage.Dispose();

    private static void Multiply<TDot>(byte* tile, float* x, int blocks, float* y)
        where TDot : struct, IIntegerDot
    {
        int* inputs = (int*)x, starts = RoundedInputs.Starts(x, blocks);
        var scales = RoundedInputs.Scales(x, blocks);
        Vector256<float> upper = default, lower = default;
        for (var block = 0; block < blocks; block++)
        {
            Vector256<int> start = Vector256.Create(starts[block]), high0 = default, high1 = default, low0 = start, low1 = start;
            var end = tile + TileBytes;
            for (var line = tile + LineBytes; line < end; line += LineBytes)
            {
                Fetch(line + Ahead);
                var (first, second) = (Vector256.Load(line), Vector256.Load(line + 32));
                var (codes0, codes1) = (Lower(first), Lower(second));
                (high0, low0) = (TDot.High(high0, codes0, inputs), TDot.Low(low0, codes0, inputs));
                (high1, low1) = (TDot.High(high1, codes1, inputs), TDot.Low(low1, codes1, inputs));
                inputs += 2;
                if (TFormat.Bits == 4)
                {
                    (codes0, codes1) = (Upper(first), Upper(second));
                    (high0, low0) = (TDot.High(high0, codes0, inputs), TDot.Low(low0, codes0, inputs));
                    (high1, low1) = (TDot.High(high1, codes1, inputs), TDot.Low(low1, codes1, inputs));
                    inputs += 2;
                }
            }

            var scale = Vector256.Create(scales[block]);
            upper = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(TDot.Sum(high0, low0)), Vector256.Load((float*)tile) * scale, upper);
            lower = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(TDot.Sum(high1, low1)), Vector256.Load((float*)tile + 8) * scale, lower);
            tile = end;
        }

        upper.Store(y);
        lower.Store(y + 8);
    }

    private static void Fetch(byte* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address); // never faults, also behind the end
        }
    }

    // Codes of 4 bits from the halves of bytes; of 8 bits as they are.
    private static Vector256<byte> Lower(Vector256<byte> line) => TFormat.Bits == 4 ? line & Vector256.Create((byte)15) : line;

    private static Vector256<byte> Upper(Vector256<byte> line) => (line.AsUInt16() >>> 4).AsByte() & Vector256.Create((byte)15);
}
