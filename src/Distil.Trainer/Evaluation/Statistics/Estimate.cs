namespace Distil.Trainer.Evaluation.Statistics;

/// <summary>A measured value and how far it may be off.</summary>
/// <param name="Value">The value.</param>
/// <param name="StandardError">Its standard error, in the value's unit; null where a single sample leaves it unknown.</param>
public sealed record Estimate(double Value, double? StandardError = null)
{
    /// <summary>The mean of independent samples; its error is the sample's standard deviation (n − 1) over √n, as lm-evaluation-harness has it.</summary>
    /// <param name="samples">At least one.</param>
    public static Estimate OfMean(IReadOnlyList<double> samples) => OfRatio(samples, [.. samples.Select(_ => 1.0)]);

    /// <summary>Σ numerators / Σ denominators over independent samples (rows, questions), whose own parts may depend on each other.</summary>
    /// <remarks>The error is the linearised ratio estimator's: √(m / (m − 1) · Σ (nᵢ − r·dᵢ)²) / |Σ dᵢ|. A bootstrap over the samples comes to the same.</remarks>
    /// <param name="numerators">One a sample.</param>
    /// <param name="denominators">One a sample, of the same samples; their sum is not 0.</param>
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

    /// <summary>The exponential, its error by the delta method.</summary>
    public Estimate Exp() => new(Math.Exp(Value), StandardError * Math.Exp(Value));

    /// <summary>The value and its error times a positive number.</summary>
    public Estimate Times(double factor) => new(Value * factor, StandardError * factor);
}
