using static TorchSharp.torch;

namespace Distil.Trainer.Evaluation;

/// <summary>What an evaluation adds up, in double precision.</summary>
internal sealed class ScoreSums
{
    /// <summary>Numbers in <see cref="Of"/>.</summary>
    public const int Count = 6;

    private readonly double[] _sums = new double[Count];

    /// <summary>The sums over n positions.</summary>
    /// <param name="student">(n, V) log-probabilities.</param>
    /// <param name="teacher">(n, V) log-probabilities; null leaves its sums 0.</param>
    /// <param name="label">(n, 1) the tokens that came.</param>
    /// <returns>(6): student's −log p and hits, teacher's −log p and hits, KL, agreements.</returns>
    public static Tensor Of(Tensor student, Tensor? teacher, Tensor label)
    {
        var studentTop = student.argmax(-1, keepdim: true);                            // (n, 1)
        var (nll, hits) = (Sum(-student.gather(-1, label)), Sum(studentTop.eq(label)));
        if (teacher is null)
        {
            var none = zeros_like(nll);
            return stack([nll, hits, none, none, none, none]);
        }

        var teacherTop = teacher.argmax(-1, keepdim: true);                            // (n, 1)
        var kl = teacher.exp().mul_(teacher - student);                                // (n, V): p·(log p − log q)
        return stack([nll, hits, Sum(-teacher.gather(-1, label)), Sum(teacherTop.eq(label)), Sum(kl), Sum(studentTop.eq(teacherTop))]);
    }

    /// <summary>Adds the sums of one batch.</summary>
    public void Add(double[] batch)
    {
        for (var i = 0; i < Count; i++)
        {
            _sums[i] += batch[i];
        }
    }

    /// <summary>The means over all tokens.</summary>
    public EvaluationResult Mean(long rows, long tokens, bool withTeacher) => new()
    {
        Rows = rows,
        Tokens = tokens,
        Student = Score(_sums[0] / tokens, _sums[1] / tokens),
        Teacher = withTeacher ? Score(_sums[2] / tokens, _sums[3] / tokens) : null,
        Kl = withTeacher ? _sums[4] / tokens : null,
        Top1Agreement = withTeacher ? _sums[5] / tokens : null,
    };

    private static ModelScore Score(double crossEntropy, double accuracy) => new(crossEntropy, Math.Exp(crossEntropy), accuracy);

    private static Tensor Sum(Tensor values) => values.sum(float64);
}
