using Distil.Core.Documents.Evaluations;
using static TorchSharp.torch;

namespace Distil.Trainer.Evaluation;

/// <summary>The sums of an evaluation for each row, in double precision. Rows are independent texts: errors are those of a sample of rows.</summary>
internal sealed class ScoreSums
{
    /// <summary>Number of values that <see cref="Of"/> computes for a position.</summary>
    public const int Count = 8;

    private readonly double[][] _rows;
    private readonly IReadOnlyList<(long Tokens, TextCounts? Text)> _counts;

    private ScoreSums(double[][] rows, IReadOnlyList<(long Tokens, TextCounts? Text)> counts) => (_rows, _counts) = (rows, counts);

    /// <summary>Computes the values of n positions.</summary>
    /// <param name="student">(n, V) log-probabilities.</param>
    /// <param name="teacher">(n, V) log-probabilities; null leaves its values 0.</param>
    /// <param name="label">(n, 1) the actual tokens.</param>
    /// <param name="isText">(n) 1 if that token is text, 0 if it ends a text.</param>
    /// <returns>(8, n): student's −log p and hits, teacher's −log p and hits, KL, agreements, student's and teacher's −log p of text.</returns>
    public static Tensor Of(Tensor student, Tensor? teacher, Tensor label, Tensor isText)
    {
        var studentTop = student.argmax(-1, keepdim: true);                            // (n, 1)
        var (nll, hits) = (Flat(-student.gather(-1, label)), Flat(studentTop.eq(label)));
        if (teacher is null)
        {
            var none = zeros_like(nll);
            return stack([nll, hits, none, none, none, none, nll * isText, none]);
        }

        var teacherTop = teacher.argmax(-1, keepdim: true);                            // (n, 1)
        var teacherNll = Flat(-teacher.gather(-1, label));
        var kl = teacher.exp().mul_(teacher - student).sum(-1, type: float64);         // (n): Σ p·(log p − log q)
        return stack(
        [
            nll, hits, teacherNll, Flat(teacherTop.eq(label)), kl, Flat(studentTop.eq(teacherTop)), nll * isText, teacherNll * isText,
        ]);
    }

    /// <summary>Collects rows.</summary>
    /// <param name="sums">The sums of the positions' values of each row, one row after another.</param>
    /// <param name="counts">For each row, the number of tokens predicted in it, ≥ 1, and the text that they represent; null if unknown.</param>
    public static ScoreSums Collect(IReadOnlyList<double> sums, IReadOnlyList<(long Tokens, TextCounts? Text)> counts) => new([.. sums.Chunk(Count)], counts);

    /// <summary>Computes the means over all tokens.</summary>
    /// <param name="rows">Number of rows read, including those with nothing to predict.</param>
    /// <param name="withTeacher">Whether there was a teacher.</param>
    public EvaluationResult Result(long rows, bool withTeacher)
    {
        var (kl, agreement) = (PerToken(4), PerToken(5));
        var ratio = Estimate.OfRatio([.. _rows.Select(row => row[0] - row[2])], Tokens).Exp();
        return new EvaluationResult
        {
            Rows = rows,
            Tokens = (long)Tokens.Sum(),
            Words = Sum(text => text.Words),
            Bytes = Sum(text => text.Bytes),
            Student = Score(0, 6),
            Teacher = withTeacher ? Score(2, 7) : null,
            Kl = withTeacher ? kl.Value : null,
            KlStandardError = withTeacher ? kl.StandardError : null,
            Top1Agreement = withTeacher ? agreement.Value : null,
            Top1AgreementStandardError = withTeacher ? agreement.StandardError : null,
            PerplexityRatioStandardError = withTeacher ? ratio.StandardError : null,
        };
    }

    private double[] Tokens => [.. _counts.Select(row => (double)row.Tokens)];

    private long? Sum(Func<TextCounts, long> value) => _counts.Any(row => row.Text is null) ? null : _counts.Sum(row => value(row.Text!));

    private ModelScore Score(int nll, int textNll)
    {
        var (crossEntropy, accuracy) = (PerToken(nll), PerToken(nll + 1));
        return new ModelScore(crossEntropy.Value, Math.Exp(crossEntropy.Value), accuracy.Value)
        {
            CrossEntropyStandardError = crossEntropy.StandardError,
            PerplexityStandardError = crossEntropy.Exp().StandardError,
            Top1AccuracyStandardError = accuracy.StandardError,
            Text = Text(textNll),
        };
    }

    private TextScore? Text(int textNll)
    {
        if (Sum(text => text.Words) is not > 0 || Sum(text => text.Bytes) is not > 0)
        {
            return null;
        }

        var perByte = Per(textNll, text => text.Bytes);
        return new TextScore(Per(textNll, text => text.Words).Exp(), perByte.Exp(), perByte.Times(1 / Math.Log(2)));
    }

    private Estimate PerToken(int number) => Estimate.OfRatio([.. _rows.Select(row => row[number])], Tokens);

    private Estimate Per(int number, Func<TextCounts, long> unit) =>
        Estimate.OfRatio([.. _rows.Select(row => row[number])], [.. _counts.Select(row => (double)unit(row.Text!))]);

    private static Tensor Flat(Tensor values) => values.squeeze(-1).to_type(float64);
}
