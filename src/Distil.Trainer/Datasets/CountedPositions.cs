using static TorchSharp.torch;

namespace Distil.Trainer.Datasets;

/// <summary>The positions of masked rows that count: those whose next token does. Their outputs alone are stored, so they also have an order.</summary>
internal static class CountedPositions
{
    /// <summary>The positions of a row that count; the last never does.</summary>
    /// <param name="rows">Rows with masks.</param>
    /// <param name="row">The row, from 0.</param>
    /// <returns>S values.</returns>
    internal static bool[] Of(TokenRows rows, long row)
    {
        var tokens = new bool[rows.ContextLength + 1];
        rows.ReadMask(row, tokens.AsSpan(0, rows.ContextLength));
        return tokens[1..];
    }

    /// <summary>(B, S), float32: 1 at each position that counts.</summary>
    internal static Tensor Mask(bool[][] counted) =>
        tensor([.. counted.SelectMany(row => row.Select(each => each ? 1f : 0f))], counted.Length, counted[0].Length);

    /// <summary>(B, S), int64: each row's positions that count, in order, then its last position as often as is needed.</summary>
    internal static Tensor Order(bool[][] counted)
    {
        var length = counted[0].Length;
        var order = counted.SelectMany(row => row.Index().Where(each => each.Item).Select(each => (long)each.Index)
            .Concat(Enumerable.Repeat(length - 1L, row.Count(each => !each))));
        return tensor([.. order], counted.Length, length);
    }

    /// <summary>The inverse of <see cref="Order"/>: for each position, the place of its outputs among those that are stored row by row; for one that does
    /// not count, the row's last place, which is never used.</summary>
    /// <param name="mask">(B, S), as <see cref="Mask"/> returns it.</param>
    /// <returns>(B·S), int64.</returns>
    internal static Tensor Places(Tensor mask)
    {
        using var scope = NewDisposeScope();
        var (rows, length) = (mask.shape[0], mask.shape[1]);
        var counts = mask.gt(0);
        var inRow = where(counts, counts.cumsum(-1) - 1, length - 1);
        return (inRow + arange(rows, ScalarType.Int64, mask.device).unsqueeze(-1) * length).flatten().MoveToOuterDisposeScope();
    }
}
