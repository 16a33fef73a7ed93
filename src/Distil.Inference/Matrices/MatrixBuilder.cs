namespace Distil.Inference.Matrices;

/// <summary>Reads one row of a matrix.</summary>
/// <param name="row">Which.</param>
/// <param name="values">Receives its columns.</param>
internal delegate void RowReader(int row, Span<float> values);

/// <summary>Builds matrices in a format.</summary>
internal static unsafe class MatrixBuilder
{
    /// <summary>Reads and converts every row, several at once.</summary>
    /// <param name="format">Any but <see cref="WeightFormat.AsStored"/>.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="read">Reads a row.</param>
    internal static Matrix Build(WeightFormat format, int rows, int columns, RowReader read) => format switch
    {
        WeightFormat.Float32 => Build<Float32Format>(rows, columns, read),
        WeightFormat.BFloat16 => Build<BFloat16Format>(rows, columns, read),
        WeightFormat.Int8 => BuildTiles<Int8Format>(rows, columns, read),
        WeightFormat.Int4 => BuildTiles<Int4Format>(rows, columns, read),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "a matrix is built in one of the other formats"),
    };

    private static BlockMatrix<TFormat> Build<TFormat>(int rows, int columns, RowReader read)
        where TFormat : struct, IWeightFormat
    {
        var blocks = Matrix.BlocksOf(columns);
        var storage = BlockStorage.Allocate((long)rows * blocks * TFormat.BlockBytes);
        Parallel.For(0, rows, () => new float[blocks * Matrix.Block], (row, _, values) =>
        {
            read(row, values.AsSpan(0, columns)); // the rest of the last block remains 0
            for (var block = 0; block < blocks; block++)
            {
                var index = (long)row * blocks + block;
                TFormat.Write(values.AsSpan(block * Matrix.Block, Matrix.Block), storage.Data + index * TFormat.BlockBytes);
            }

            return values;
        }, _ => { });
        return new(rows, columns, storage);
    }

    private static TiledMatrix<TFormat> BuildTiles<TFormat>(int rows, int columns, RowReader read)
        where TFormat : struct, IQuantizedFormat
    {
        const int TileRows = TiledMatrix<TFormat>.TileRows;
        var blocks = Matrix.BlocksOf(columns);
        var storage = BlockStorage.Allocate(TiledMatrix<TFormat>.BytesOf(rows, columns));
        Parallel.For(0, (rows + TileRows - 1) / TileRows, () => new float[blocks * Matrix.Block], (tile, _, values) =>
        {
            for (var row = 0; row < TileRows; row++)
            {
                if (tile * TileRows + row < rows)
                {
                    read(tile * TileRows + row, values.AsSpan(0, columns)); // the rest of the last block remains 0
                }
                else
                {
                    values.AsSpan().Clear();
                }

                for (var block = 0; block < blocks; block++)
                {
                    TiledMatrix<TFormat>.Write(
                        storage.Data + ((long)tile * blocks + block) * TiledMatrix<TFormat>.TileBytes, row, values.AsSpan(block * Matrix.Block, Matrix.Block));
                }
            }

            return values;
        }, _ => { });
        return new(rows, columns, storage);
    }
}
