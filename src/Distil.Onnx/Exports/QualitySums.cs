using Distil.Core.Documents.Evaluations;
using Distil.Core.Specification;
using Distil.Inference.Sampling;

namespace Distil.Onnx.Exports;

/// <summary>Sums over predicted tokens, from two students' logits, for each row. Rows are independent; the tokens of a row are not.</summary>
internal sealed class QualitySums
{
    private readonly List<Row> _rows = [];

    /// <summary>Begins a row.</summary>
    internal void NextRow() => _rows.Add(default);

    /// <summary>Adds a token of the row.</summary>
    /// <param name="exact">The first student's logits, (V).</param>
    /// <param name="rounded">The second's, (V).</param>
    /// <param name="token">The token that follows.</param>
    internal void Add(ReadOnlySpan<float> exact, ReadOnlySpan<float> rounded, int token)
    {
        var (best, other) = (LogitScan.Max(exact), LogitScan.Max(rounded));
        var (total, otherTotal) = (0.0, 0.0);
        var weighted = 0.0; // of the differences between the logits
        for (var i = 0; i < exact.Length; i++)
        {
            var weight = MathF.Exp(exact[i] - best);
            total += weight;
            weighted += weight * ((double)exact[i] - rounded[i]);
            otherTotal += MathF.Exp(rounded[i] - other);
        }

        var (logTotal, otherLogTotal) = (best + Math.Log(total), other + Math.Log(otherTotal));
        var row = _rows[^1];
        _rows[^1] = new(
            row.Tokens + 1,
            row.Exact + logTotal - exact[token],
            row.Rounded + otherLogTotal - rounded[token],
            row.Kl + weighted / total - logTotal + otherLogTotal,
            row.Same + (LogitScan.IndexOf(exact, best) == LogitScan.IndexOf(rounded, other) ? 1 : 0));
    }

    /// <summary>The means over all tokens; the error of the difference is that of a sample of rows.</summary>
    /// <param name="form">The second student's form.</param>
    /// <param name="text">The text's name.</param>
    internal FormQuality ToQuality(WeightForm form, string text)
    {
        Row[] rows = [.. _rows.Where(row => row.Tokens > 0)];
        Estimate PerToken(Func<Row, double> value) => Estimate.OfRatio([.. rows.Select(value)], [.. rows.Select(row => (double)row.Tokens)]);
        return new(
            form, text, rows.Sum(row => row.Tokens), PerToken(row => row.Exact).Value, PerToken(row => row.Rounded).Value,
            PerToken(row => row.Rounded - row.Exact).StandardError, Math.Max(0, PerToken(row => row.Kl).Value), PerToken(row => row.Same).Value);
    }

    private readonly record struct Row(int Tokens, double Exact, double Rounded, double Kl, int Same);
}
