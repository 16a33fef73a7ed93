namespace Distil.Core.Documents.Evaluations;

/// <summary>A measured value and its standard error.</summary>
/// <param name="Value">The value.</param>
/// <param name="StandardError">Its standard error, in the value's unit; null for a single sample.</param>
public sealed record Estimate(double Value, double? StandardError = null)
{
    /// <summary>The mean of independent samples; its error is the sample standard deviation (n − 1) / √n, as in lm-evaluation-harness.</summary>
    /// <param name="samples">At least one.</param>
    public static Estimate OfMean(IReadOnlyList<double> samples) => OfRatio(samples, [.. samples.Select(_ => 1.0)]);

    /// <summary>Σ numerators / Σ denominators over independent samples (rows, questions), whose own parts may be dependent.</summary>
    /// <remarks>The error is the linearised ratio estimator's: √(m / (m − 1) · Σ (nᵢ − r·dᵢ)²) / |Σ dᵢ|. A bootstrap over the samples gives the same.</remarks>
    /// <param name="numerators">One per sample.</param>
    /// <param name="denominators">One per sample, of the same samples; their sum is not 0.</param>
    public static Estimate OfRatio(IReadOnlyList<double> numerators, IReadOnlyList<double> denominators)
    {
        var (samples, total) = (numerators.Count, denominators.Sum());
        var ratio = numerators.Sum() / total;
        if (samples < 2)
        {
            return new Estimate(ratio);
        }

        var squares = numerators.Zip(denominators, (numerator, denominator) => Math.Pow(numerator - (ratio * denominator), 2)).Sum();
        return new Estimate(ratio, Math.Sqrt(squares * samples / (samples - 1)) / Math.Abs(total));
    }

    /// <summary>The exponential; its error follows from the delta method.</summary>
    public Estimate Exp() => new(Math.Exp(Value), StandardError * Math.Exp(Value));

    /// <summary>The value and its error multiplied by a positive number.</summary>
    public Estimate Times(double factor) => new(Value * factor, StandardError * factor);
}
