using Distil.Core.Specification;
using static TorchSharp.torch;

namespace Distil.Trainer.Distillation.Divergences;

/// <summary>A divergence as a sum of one term for each token or bucket, whose probability is q for the teacher and s for the student.</summary>
/// <remarks>
/// With the mixture m = w·q + (1 − w)·s, the terms and their derivatives by log s are
/// <code>
/// forward KL         q·(log q − log s)                             −q
/// reverse KL         s·(log s − log q)                             s·(log s − log q + 1)
/// Jensen–Shannon     w·q·(log q − log m) + (1 − w)·s·(log s − log m)   (1 − w)·s·(log s − log m)
/// skew KL            q·(log q − log m)                             −(1 − w)·q·s/m
/// skew reverse KL    s·(log s − log m)                             s·(log s − log m + w·q/m)
/// total variation    ½·|q − s|                                     ½·s·sign(s − q)
/// </code>
/// Every ratio is a difference of logarithms, and log m is at least the larger of log(w·q) and
/// log((1 − w)·s): a probability that rounds to 0 gives 0 and never 0·∞. CUDA's form of these equations is <c>divergence.cuh</c>.
/// </remarks>
/// <param name="Kind">The divergence.</param>
/// <param name="TeacherWeight">w, the teacher's weight in the mixture, between 0 and 1; without effect on a kind that has none.</param>
internal readonly record struct Divergence(DivergenceKind Kind, double TeacherWeight)
{
    /// <summary>
    /// Least log s of the bucket. Its derivative is divided by s: from e^−80 on, 1/s is within the range of float32, and a bucket as light as this is one whose
    /// tokens all have probability 0 in float32.
    /// </summary>
    internal const double LowestBucket = -80;

    /// <summary>The divergence of a specification.</summary>
    internal static Divergence Of(DivergenceSpec spec) => new(spec.Kind, spec.Kind switch
    {
        DivergenceKind.JensenShannon => spec.EffectiveBeta,
        DivergenceKind.SkewKl => spec.EffectiveSkew,
        DivergenceKind.SkewReverseKl => 1 - spec.EffectiveSkew,
        _ => 0,
    });

    /// <summary>The term of one token or bucket.</summary>
    /// <param name="teacher">log q.</param>
    /// <param name="student">log s.</param>
    internal DivergenceTerm At(double teacher, double student)
    {
        var (q, s) = (Math.Exp(teacher), Math.Exp(student));
        switch (Kind)
        {
            case DivergenceKind.ForwardKl:
                return new(q * (teacher - student), -q);
            case DivergenceKind.ReverseKl:
                return new(s * (student - teacher), s * (student - teacher + 1));
            case DivergenceKind.TotalVariation:
                return new(Math.Abs(q - s) / 2, s * Math.Sign(s - q) / 2);
        }

        var (left, right) = (teacher + Math.Log(TeacherWeight), student + Math.Log(1 - TeacherWeight));
        var mixture = Math.Max(left, right) + Math.Log(1 + Math.Exp(-Math.Abs(left - right)));
        var (own, others) = (s * (student - mixture), q * (teacher - mixture));
        return Kind switch
        {
            DivergenceKind.JensenShannon => new(TeacherWeight * others + (1 - TeacherWeight) * own, (1 - TeacherWeight) * own),
            DivergenceKind.SkewKl => new(others, -(1 - TeacherWeight) * q * Math.Exp(student - mixture)),
            DivergenceKind.SkewReverseKl => new(own, own + TeacherWeight * s * Math.Exp(teacher - mixture)),
            _ => throw Unknown(),
        };
    }

    /// <summary>The same by tensor operations, for any number of tokens and buckets.</summary>
    /// <param name="teacher">log q, finite.</param>
    /// <param name="student">log s, of the same shape.</param>
    /// <returns>The terms and their derivatives by log s, of the same shape, in the caller's dispose scope.</returns>
    internal (Tensor Value, Tensor Slope) At(Tensor teacher, Tensor student)
    {
        var (q, s) = (teacher.exp(), student.exp());
        switch (Kind)
        {
            case DivergenceKind.ForwardKl:
                return (q * (teacher - student), -q);
            case DivergenceKind.ReverseKl:
                return (s * (student - teacher), s * (student - teacher + 1));
            case DivergenceKind.TotalVariation:
                return ((q - s).abs() / 2, s * (s - q).sign() / 2);
        }

        var mixture = (teacher + Math.Log(TeacherWeight)).logaddexp(student + Math.Log(1 - TeacherWeight));
        var (own, others) = (s * (student - mixture), q * (teacher - mixture));
        return Kind switch
        {
            DivergenceKind.JensenShannon => (TeacherWeight * others + (1 - TeacherWeight) * own, (1 - TeacherWeight) * own),
            DivergenceKind.SkewKl => (others, -(1 - TeacherWeight) * q * (student - mixture).exp()),
            DivergenceKind.SkewReverseKl => (own, own + TeacherWeight * s * (teacher - mixture).exp()),
            _ => throw Unknown(),
        };
    }

    private ArgumentOutOfRangeException Unknown() => new(nameof(Kind), Kind, "is not a divergence");
}

/// <summary>One token's or bucket's part of a divergence.</summary>
/// <param name="Value">Its summand, in nats, or a probability for total variation.</param>
/// <param name="Slope">The summand's derivative by log s.</param>
internal readonly record struct DivergenceTerm(double Value, double Slope)
{
    /// <summary>The term with a weight.</summary>
    public static DivergenceTerm operator *(DivergenceTerm term, double weight) => new(term.Value * weight, term.Slope * weight);
}
