namespace Distil.Core.Documents.Evaluations;

/// <summary>The error of KL over stored tokens and tail bucket, compared with KL over the whole vocabulary.</summary>
/// <param name="Temperature">T at which it was measured, &gt; 0.</param>
/// <param name="Relative">|bucketed − dense| / dense, of the means over the sample, ≥ 0.</param>
public sealed record KlError(double Temperature, double Relative);
