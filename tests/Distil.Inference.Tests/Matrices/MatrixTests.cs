using Distil.Inference.Matrices;
using Distil.Inference.Numerics;
using Distil.Inference.Parallelism;

namespace Distil.Inference.Tests.Matrices;

public sealed unsafe class MatrixTests
{
    public static TheoryData<WeightFormat, int, int> Cases => new()
    {
        { WeightFormat.Float32, 7, 32 }, { WeightFormat.Float32, 10, 100 }, { WeightFormat.BFloat16, 9, 64 }, { WeightFormat.BFloat16, 6, 33 },
        { WeightFormat.Int8, 13, 96 }, { WeightFormat.Int8, 5, 50 }, { WeightFormat.Int4, 11, 128 }, { WeightFormat.Int4, 6, 40 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_product_equals_the_plain_sum_over_the_stored_weights(WeightFormat format, int rows, int columns)
    {
        const int Count = 6;
        using var product = new Product(format, rows, columns, Count);
        product.Run(0, rows, Count);
        for (var input = 0; input < Count; input++)
        {
            for (var row = 0; row < rows; row++)
            {
                var (sum, size) = (0.0, 0.0);
                for (var k = 0; k < columns; k++)
                {
                    var term = product.Stored(row, k) * (double)product.X[input][k];
                    (sum, size) = (sum + term, size + Math.Abs(term));
                }

                Assert.InRange(product.Y[input][row], sum - 1e-5 * size, sum + 1e-5 * size);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_input_alone_and_a_range_of_rows_give_the_same_bits(WeightFormat format, int rows, int columns)
    {
        const int Count = 7;
        using var product = new Product(format, rows, columns, Count);
        product.Run(0, rows, Count);
        var together = product.Outputs(Count);
        for (var split = 0; split <= rows; split++)
        {
            product.Run(0, split, 1);
            product.Run(split, rows, 1);
            Assert.Equal(together[0], product.Outputs(1)[0]);
        }

        product.Run(0, rows, 3);
        Assert.Equal(together[..3], product.Outputs(3));
    }

    [Theory]
    [InlineData(WeightFormat.Int8, 1.0 / 254)]
    [InlineData(WeightFormat.Int4, 1.0 / 8)] // 7 is the largest integer, and −8 the smallest
    [InlineData(WeightFormat.BFloat16, 1.0 / 256)]
    public void A_stored_weight_is_near_the_given_one(WeightFormat format, double share)
    {
        using var product = new Product(format, 8, 64, 1);
        for (var row = 0; row < 8; row++)
        {
            for (var block = 0; block < 2; block++)
            {
                var largest = Enumerable.Range(block * 32, 32).Max(k => Math.Abs(product.Weights[row, k]));
                Assert.All(Enumerable.Range(block * 32, 32), k =>
                    Assert.InRange(product.Stored(row, k) - product.Weights[row, k], -1.01 * share * largest, 1.01 * share * largest));
            }
        }
    }

    [Fact]
    public void A_block_of_zeros_stays_zero()
    {
        foreach (var format in new[] { WeightFormat.Int8, WeightFormat.Int4 })
        {
            using var matrix = MatrixBuilder.Build(format, 1, 32, (_, values) => values.Clear());
            using var team = new WorkerTeam(1);
            using var product = new MatrixProduct(team);
            using FloatBuffer x = new(32), y = new(32);
            x.Span(0, 32).Fill(3);
            product.Multiply(matrix, new(x.Start, 32), new(y.Start, 32), 1);
            Assert.Equal(0, y.Start[0]);
        }
    }

    [Theory]
    [InlineData(64, 4)]
    [InlineData(48, 16)]
    [InlineData(60, 6)]
    public void A_block_diagonal_matrix_equals_its_plain_form(int width, int size)
    {
        var random = new Random(3);
        var weights = Enumerable.Range(0, width * size).Select(_ => (float)random.NextDouble() - 0.5f).ToArray();
        using var matrix = new BlockDiagonal(width, size, weights);
        using FloatBuffer x = new(64), fast = new(64), plain = new(64);
        for (var i = 0; i < width; i++)
        {
            x.Start[i] = (float)random.NextDouble() - 0.5f;
        }

        matrix.Multiply(x.Start, fast.Start);
        matrix.MultiplyPlain(x.Start, plain.Start);
        Assert.Equal(plain.Span(0, width), fast.Span(0, width));
        var last = width - 1;
        var expected = Enumerable.Range(0, size).Sum(j => (double)weights[last * size + j] * x.Start[last / size * size + j]);
        Assert.Equal(expected, fast.Start[last], 1e-6);
    }

    /// <summary>A matrix of random weights with inputs and outputs.</summary>
    private sealed class Product : IDisposable
    {
        private readonly Matrix _matrix;
        private readonly FloatBuffer _x;
        private readonly FloatBuffer _y;
        private readonly FloatBuffer _prepared;
        private readonly int _stride;

        internal Product(WeightFormat format, int rows, int columns, int count)
        {
            var random = new Random(rows * 1000 + columns);
            Weights = new float[rows, columns];
            for (var i = 0; i < rows * columns; i++)
            {
                Weights[i / columns, i % columns] = (float)(random.NextDouble() - 0.5);
            }

            _matrix = MatrixBuilder.Build(format, rows, columns, (row, values) =>
            {
                for (var k = 0; k < columns; k++)
                {
                    values[k] = Weights[row, k];
                }
            });
            _stride = Matrix.BlocksOf(Math.Max(rows, columns)) * Matrix.Block;
            (_x, _y) = (new((long)count * _stride), new((long)count * _stride));
            _prepared = new((long)count * _matrix.PreparedLength);
            for (var i = 0; i < count * columns; i++)
            {
                X[i / columns][i % columns] = (float)(random.NextDouble() - 0.5);
            }
        }

        internal float[,] Weights { get; }

        internal RowBlock X => new(_x.Start, _stride);

        internal RowBlock Y => new(_y.Start, _stride);

        internal void Run(int from, int to, int count) => _matrix.Multiply(Prepared(X, count), Y, count, from, to);

        internal float[][] Outputs(int count) => [.. Enumerable.Range(0, count).Select(i => new ReadOnlySpan<float>(Y[i], _matrix.Rows).ToArray())];

        /// <summary>A weight as it is stored: the product with a unit vector.</summary>
        internal float Stored(int row, int column)
        {
            using FloatBuffer unit = new(_stride), result = new(_stride);
            unit.Start[column] = 1;
            _matrix.Multiply(Prepared(new(unit.Start, _stride), 1), new(result.Start, _stride), 1, row, row + 1);
            return result.Start[row];
        }

        private RowBlock Prepared(RowBlock x, int count)
        {
            if (_matrix.PreparedLength == 0)
            {
                return x;
            }

            var prepared = new RowBlock(_prepared.Start, _matrix.PreparedLength);
            _matrix.Prepare(x, prepared, count);
            return prepared;
        }

        public void Dispose()
        {
            _matrix.Dispose();
            _x.Dispose();
            _y.Dispose();
            _prepared.Dispose();
        }
    }
}
