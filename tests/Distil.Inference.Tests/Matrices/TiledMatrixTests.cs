using System.Runtime.Intrinsics.X86;
using Distil.Inference.Matrices;
using Distil.Inference.Numerics;
using Distil.Inference.Parallelism;

namespace Distil.Inference.Tests.Matrices;

public sealed unsafe class TiledMatrixTests
{
    [Theory]
    [InlineData(16, 32)]
    [InlineData(37, 96)]
    [InlineData(5, 50)]
    [InlineData(48, 1536)]
    public void Every_way_to_multiply_gives_the_bits_of_the_plain_sum(int rows, int columns)
    {
        Compare<Int8Format>(rows, columns);
        Compare<Int4Format>(rows, columns);
    }

    [Fact]
    public void The_largest_codes_and_inputs_do_not_overflow()
    {
        // Codes 1 and 255 in 8 bits; each sum in a block is 32 · 127 · 32,512.
        foreach (var sign in new[] { 1, -1 })
        {
            var result = Multiply(WeightFormat.Int8, (_, k) => k % 2 == 0 ? 1 : -1, k => sign * (k % 2 == 0 ? 2 : -2), 64);
            Assert.Equal(128f * sign, result, 1e-4);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void An_input_that_is_not_finite_gives_no_number(float value)
    {
        Assert.Equal(float.NaN, Multiply(WeightFormat.Int8, (_, k) => k + 1, k => k == 40 ? value : 1, 64));
        Assert.Equal(float.NaN, Multiply(WeightFormat.Int4, (_, k) => k + 1, k => k == 3 ? value : 1, 64));
    }

    [Fact]
    public void What_follows_the_last_column_does_not_change_the_result()
    {
        var zeros = Multiply(WeightFormat.Int8, (_, k) => k + 1, k => k < 40 ? 0.37f * k : 0, 40);
        Assert.Equal(zeros, Multiply(WeightFormat.Int8, (_, k) => k + 1, k => k < 40 ? 0.37f * k : 1e9f, 40));
    }

    [Fact]
    public void Very_small_and_zero_inputs_give_zero()
    {
        Assert.Equal(0, Multiply(WeightFormat.Int8, (_, _) => 1, _ => 0, 32));
        Assert.Equal(0, Multiply(WeightFormat.Int8, (_, _) => 1, _ => float.Epsilon, 32), 1e-30);
    }

    private static void Compare<TFormat>(int rows, int columns)
        where TFormat : struct, IQuantizedFormat
    {
        const int Count = 3;
        var random = new Random(rows + columns);
        var weights = Enumerable.Range(0, rows).Select(_ => Values(random, columns)).ToArray();
        using var matrix = (TiledMatrix<TFormat>)MatrixBuilder.Build(
            TFormat.Bits == 8 ? WeightFormat.Int8 : WeightFormat.Int4, rows, columns, (row, values) => weights[row].AsSpan(0, columns).CopyTo(values));
        var x = Enumerable.Range(0, Count).Select(_ => Values(random, columns)).ToArray();
        var expected = Enumerable.Range(0, Count).Select(i => Enumerable.Range(0, rows).Select(row => Plain<TFormat>(weights[row], x[i])).ToArray()).ToArray();
        Assert.Equal(expected, Product<TFormat, PlainDot>(matrix, x));
        if (Avx2.IsSupported)
        {
            Assert.Equal(expected, Product<TFormat, PairDot>(matrix, x));
        }

        if (AvxVnni.IsSupported)
        {
            Assert.Equal(expected, Product<TFormat, VnniDot>(matrix, x));
        }
    }

    /// <summary>The sum over integers, one after the other.</summary>
    private static float Plain<TFormat>(float[] weights, float[] x)
        where TFormat : struct, IQuantizedFormat
    {
        var (total, codes) = (0f, new byte[Matrix.Block]);
        for (var block = 0; block < weights.Length; block += Matrix.Block)
        {
            var scale = TFormat.Round(weights.AsSpan(block, Matrix.Block), codes);
            var largest = x.Skip(block).Take(Matrix.Block).Max(Math.Abs);
            var sum = Enumerable.Range(0, Matrix.Block).Sum(k => (codes[k] - TFormat.Zero) * (int)MathF.Round(x[block + k] * (32_512 / largest)));
            total = MathF.FusedMultiplyAdd(sum, scale * (largest / 32_512), total);
        }

        return total;
    }

    private static float[][] Product<TFormat, TDot>(TiledMatrix<TFormat> matrix, float[][] x)
        where TFormat : struct, IQuantizedFormat
        where TDot : struct, IIntegerDot
    {
        var (stride, count) = (x[0].Length, x.Length);
        using FloatBuffer inputs = new(count * stride), prepared = new(count * matrix.PreparedLength), outputs = new(count * matrix.Rows);
        for (var i = 0; i < count; i++)
        {
            x[i].CopyTo(inputs.Span(i * stride, stride));
        }

        var rounded = new RowBlock(prepared.Start, matrix.PreparedLength);
        RoundedInputs.Write<TDot>(new(inputs.Start, stride), rounded, count, matrix.Columns, TFormat.Zero);
        matrix.Multiply<TDot>(rounded, new(outputs.Start, matrix.Rows), count, 0, matrix.Rows);
        return [.. Enumerable.Range(0, count).Select(i => outputs.Span(i * matrix.Rows, matrix.Rows).ToArray())];
    }

    /// <summary>The product of one row of weights with an input whose buffer is longer.</summary>
    private static float Multiply(WeightFormat format, Func<int, int, float> weight, Func<int, float> input, int columns)
    {
        using var matrix = MatrixBuilder.Build(format, 1, columns, (row, values) =>
        {
            for (var k = 0; k < columns; k++)
            {
                values[k] = weight(row, k);
            }
        });
        using var team = new WorkerTeam(1);
        using var product = new MatrixProduct(team);
        using FloatBuffer x = new(64), y = new(64);
        for (var k = 0; k < 64; k++)
        {
            x.Start[k] = input(k);
        }

        product.Multiply(matrix, new(x.Start, 64), new(y.Start, 64), 1);
        return y.Start[0];
    }

    // To whole blocks; zeros follow the columns.
    private static float[] Values(Random random, int columns) =>
        [.. Enumerable.Range(0, Matrix.BlocksOf(columns) * Matrix.Block).Select(k => k < columns ? (float)(random.NextDouble() - 0.5) : 0)];
}
