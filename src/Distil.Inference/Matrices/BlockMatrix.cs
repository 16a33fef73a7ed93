using System.Runtime.Intrinsics;

namespace Distil.Inference.Matrices;

/// <summary>A matrix in blocks of 32 columns of one format; the last block of a row is filled up with zeros.</summary>
/// <param name="rows">Number of rows.</param>
/// <param name="columns">Number of columns.</param>
/// <param name="storage">Its memory.</param>
internal sealed unsafe class BlockMatrix<TFormat>(int rows, int columns, BlockStorage storage) : Matrix(rows, columns)
    where TFormat : struct, IWeightFormat
{
    /// <inheritdoc/>
    internal override long Bytes => (long)Rows * Blocks * TFormat.BlockBytes;

    /// <inheritdoc/>
    internal override BlockStorage Storage => storage;

    /// <inheritdoc/>
    internal override void Multiply(RowBlock x, RowBlock y, int count, int from, int to)
    {
        var row = from;
        if (count == 1)
        {
            for (; row + 4 <= to; row += 4)
            {
                FourByOne(row, x.Start, y.Start);
            }
        }
        else
        {
            for (; row + 2 <= to; row += 2)
            {
                var input = 0;
                for (; input + 4 <= count; input += 4)
                {
                    TwoByFour(row, x, y, input);
                }

                for (; input < count; input++)
                {
                    y[input][row] = One(row, x[input]);
                    y[input][row + 1] = One(row + 1, x[input]);
                }
            }
        }

        for (; row < to; row++)
        {
            for (var input = 0; input < count; input++)
            {
                y[input][row] = One(row, x[input]);
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => storage.Dispose();

    private byte* Data(int row) => storage.Data + (long)row * Blocks * TFormat.BlockBytes;

    private float One(int row, float* x)
    {
        byte* data = Data(row);
        Vector512<float> low = default, high = default;
        for (int block = 0, blocks = Blocks; block < blocks; block++, data += TFormat.BlockBytes, x += Block)
        {
            low = Vector512.FusedMultiplyAdd(TFormat.Low(data), Vector512.Load(x), low);
            high = Vector512.FusedMultiplyAdd(TFormat.High(data), Vector512.Load(x + 16), high);
        }

        return Vector512.Sum(low + high);
    }

    private void FourByOne(int row, float* x, float* y)
    {
        byte* data = Data(row);
        long bytes = (long)Blocks * TFormat.BlockBytes;
        Vector512<float> low0 = default, low1 = default, low2 = default, low3 = default, high0 = default, high1 = default, high2 = default, high3 = default;
        for (int block = 0, blocks = Blocks; block < blocks; block++, data += TFormat.BlockBytes, x += Block)
        {
            var (xLow, xHigh) = (Vector512.Load(x), Vector512.Load(x + 16));
            low0 = Vector512.FusedMultiplyAdd(TFormat.Low(data), xLow, low0);
            high0 = Vector512.FusedMultiplyAdd(TFormat.High(data), xHigh, high0);
            low1 = Vector512.FusedMultiplyAdd(TFormat.Low(data + bytes), xLow, low1);
            high1 = Vector512.FusedMultiplyAdd(TFormat.High(data + bytes), xHigh, high1);
            low2 = Vector512.FusedMultiplyAdd(TFormat.Low(data + 2 * bytes), xLow, low2);
            high2 = Vector512.FusedMultiplyAdd(TFormat.High(data + 2 * bytes), xHigh, high2);
            low3 = Vector512.FusedMultiplyAdd(TFormat.Low(data + 3 * bytes), xLow, low3);
            high3 = Vector512.FusedMultiplyAdd(TFormat.High(data + 3 * bytes), xHigh, high3);
        }

        y[row] = Vector512.Sum(low0 + high0);
        y[row + 1] = Vector512.Sum(low1 + high1);
        y[row + 2] = Vector512.Sum(low2 + high2);
        y[row + 3] = Vector512.Sum(low3 + high3);
    }

    private void TwoByFour(int row, RowBlock inputs, RowBlock y, int input)
    {
        byte* data = Data(row);
        float* x = inputs[input];
        var stride = inputs.Stride;
        long bytes = (long)Blocks * TFormat.BlockBytes;
        Vector512<float> low00 = default, low01 = default, low02 = default, low03 = default, low10 = default, low11 = default, low12 = default, low13 = default;
        Vector512<float> high00 = default, high01 = default, high02 = default, high03 = default;
        Vector512<float> high10 = default, high11 = default, high12 = default, high13 = default;
        for (int block = 0, blocks = Blocks; block < blocks; block++, data += TFormat.BlockBytes, x += Block)
        {
            var (first, second) = (TFormat.Low(data), TFormat.Low(data + bytes));
            var (x0, x1, x2, x3) = (Vector512.Load(x), Vector512.Load(x + stride), Vector512.Load(x + 2 * stride), Vector512.Load(x + 3 * stride));
            (low00, low10) = (Vector512.FusedMultiplyAdd(first, x0, low00), Vector512.FusedMultiplyAdd(second, x0, low10));
            (low01, low11) = (Vector512.FusedMultiplyAdd(first, x1, low01), Vector512.FusedMultiplyAdd(second, x1, low11));
            (low02, low12) = (Vector512.FusedMultiplyAdd(first, x2, low02), Vector512.FusedMultiplyAdd(second, x2, low12));
            (low03, low13) = (Vector512.FusedMultiplyAdd(first, x3, low03), Vector512.FusedMultiplyAdd(second, x3, low13));

            (first, second) = (TFormat.High(data), TFormat.High(data + bytes));
            (x0, x1) = (Vector512.Load(x + 16), Vector512.Load(x + stride + 16));
            (x2, x3) = (Vector512.Load(x + 2 * stride + 16), Vector512.Load(x + 3 * stride + 16));
            (high00, high10) = (Vector512.FusedMultiplyAdd(first, x0, high00), Vector512.FusedMultiplyAdd(second, x0, high10));
            (high01, high11) = (Vector512.FusedMultiplyAdd(first, x1, high01), Vector512.FusedMultiplyAdd(second, x1, high11));
            (high02, high12) = (Vector512.FusedMultiplyAdd(first, x2, high02), Vector512.FusedMultiplyAdd(second, x2, high12));
            (high03, high13) = (Vector512.FusedMultiplyAdd(first, x3, high03), Vector512.FusedMultiplyAdd(second, x3, high13));
        }

        (y[input][row], y[input][row + 1]) = (Vector512.Sum(low00 + high00), Vector512.Sum(low10 + high10));
        (y[input + 1][row], y[input + 1][row + 1]) = (Vector512.Sum(low01 + high01), Vector512.Sum(low11 + high11));
        (y[input + 2][row], y[input + 2][row + 1]) = (Vector512.Sum(low02 + high02), Vector512.Sum(low12 + high12));
        (y[input + 3][row], y[input + 3][row + 1]) = (Vector512.Sum(low03 + high03), Vector512.Sum(low13 + high13));
    }
}
