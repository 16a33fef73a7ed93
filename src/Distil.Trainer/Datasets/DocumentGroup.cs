using static TorchSharp.torch;

namespace Distil.Trainer.Datasets;

/// <summary>Documents of some rows that a model reads together, apart from each other: a batch of them, padded at their ends. Attention and state begin anew in
/// each, and positions at 0, whatever computes them.</summary>
/// <param name="Length">Tokens of the longest, L.</param>
/// <param name="Documents">The documents, n: the index of the row and the part of it.</param>
/// <param name="RowLength">Tokens of a row, S.</param>
internal sealed record DocumentGroup(int Length, IReadOnlyList<(int Row, int Start, int Length)> Documents, int RowLength)
{
    /// <summary>Padding may be this share of a group's tokens, or one row: more groups would be more passes, more padding would be larger ones.</summary>
    private const double Padding = 0.25;

    /// <summary>Divides rows into groups of documents of similar lengths, of which none has more positions than the rows.</summary>
    /// <param name="rows">Rows with documents.</param>
    /// <param name="numbers">The rows, from 0.</param>
    internal static IReadOnlyList<DocumentGroup> Of(TokenRows rows, IReadOnlyList<long> numbers)
    {
        var documents =
            from row in Enumerable.Range(0, numbers.Count)
            from part in rows.DocumentsOf(numbers[row])
            let at = part.GetOffsetAndLength(rows.ContextLength)
            orderby at.Length descending
            select (row, at.Offset, at.Length);
        var (groups, group, tokens) = (new List<DocumentGroup>(), new List<(int, int, int)>(), 0L);
        var longest = 0;
        foreach (var document in documents)
        {
            var padded = (group.Count + 1L) * longest;
            var padding = padded - tokens - document.Length;
            if (group.Count > 0 && (padded > (long)numbers.Count * rows.ContextLength || padding > Math.Max(rows.ContextLength, Padding * tokens)))
            {
                groups.Add(new(longest, group, rows.ContextLength));
                (group, tokens) = ([], 0);
            }

            longest = group.Count == 0 ? document.Length : longest;
            group.Add(document);
            tokens += document.Length;
        }

        groups.Add(new(longest, group, rows.ContextLength));
        return groups;
    }

    /// <value>Real tokens.</value>
    internal long Tokens => Documents.Sum(document => (long)document.Length);

    /// <summary>The place of each position of the batch among those of the rows; that of padding is its row's last, which never counts.</summary>
    /// <returns>(n·L), int64, in B·S.</returns>
    internal Tensor Places() => tensor(
    [
        .. from document in Documents
           from position in Enumerable.Range(0, Length)
           select document.Row * (long)RowLength + (position < document.Length ? document.Start + position : RowLength - 1),
    ]);

    /// <summary>The documents of rows.</summary>
    /// <param name="rows">(B, S).</param>
    /// <param name="places">As <see cref="Places"/> returns them, on the same device.</param>
    /// <returns>(n, L).</returns>
    internal Tensor Of(Tensor rows, Tensor places) => rows.flatten().index_select(0, places).view(Documents.Count, Length);

    /// <summary>Puts outputs back where the documents are in their rows.</summary>
    /// <param name="outputs">(n, L, D).</param>
    /// <param name="rows">(B, S, D); receives them.</param>
    internal void PutBack(Tensor outputs, Tensor rows)
    {
        using var scope = NewDisposeScope();
        foreach (var (number, (row, start, length)) in Documents.Index())
        {
            rows[row].narrow(0, start, length).copy_(outputs[number].narrow(0, 0, length));
        }
    }
}
