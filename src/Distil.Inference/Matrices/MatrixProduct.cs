using Distil.Inference.Numerics;
using Distil.Inference.Parallelism;

namespace Distil.Inference.Matrices;

/// <summary>A product whose rows the threads of a team share.</summary>
internal sealed unsafe class MatrixProduct(WorkerTeam team) : IWork, IDisposable
{
    private const int PartsForThread = 4;
    private const int Granule = 16; // rows of a tile

    private FloatBuffer _prepared = new(0);
    private Matrix _matrix = null!;
    private RowBlock _x;
    private RowBlock _y;
    private int _count;
    private int _rowsOfPart;

    /// <summary>y = x · Wᵀ.</summary>
    internal void Multiply(Matrix matrix, RowBlock x, RowBlock y, int count)
    {
        x = Prepare(matrix, x, count);
        var bytes = matrix.Bytes * count;
        if (!team.Shares(bytes))
        {
            matrix.Multiply(x, y, count, 0, matrix.Rows);
            return;
        }

        var rows = (matrix.Rows + team.Threads * PartsForThread - 1) / (team.Threads * PartsForThread);
        _rowsOfPart = (rows + Granule - 1) / Granule * Granule;
        (_matrix, _x, _y, _count) = (matrix, x, y, count);
        team.Run(this, (matrix.Rows + _rowsOfPart - 1) / _rowsOfPart, bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => _prepared.Dispose();

    /// <inheritdoc/>
    void IWork.Do(int part)
    {
        var from = part * _rowsOfPart;
        _matrix.Multiply(_x, _y, _count, from, Math.Min(from + _rowsOfPart, _matrix.Rows));
    }

    private RowBlock Prepare(Matrix matrix, RowBlock x, int count)
    {
        if (matrix.PreparedLength == 0)
        {
            return x;
        }

        if (_prepared.Length < (long)count * matrix.PreparedLength)
        {
            _prepared.Dispose();
            _prepared = new((long)count * matrix.PreparedLength);
        }

        var prepared = new RowBlock(_prepared.Start, matrix.PreparedLength);
        matrix.Prepare(x, prepared, count);
        return prepared;
    }
}
