namespace Distil.Trainer.Commands.Checks;

/// <summary>The result of a check.</summary>
/// <param name="Check">The check.</param>
/// <param name="Value">‖kernel − plain‖ / ‖plain‖ of the result, the worst of the draws.</param>
/// <param name="Gradients">The same of each input's gradient; the median if it is a sum that cancels.</param>
internal sealed record CheckResult(KernelCheck Check, double Value, IReadOnlyList<double> Gradients)
{
    /// <value>Whether all are within the check's tolerance; NaN never is.</value>
    internal bool Passed => Value <= Check.Tolerance
        && Gradients.Select((difference, input) => difference <= (Check.ToleranceOf?.Invoke(input) ?? Check.Tolerance)).All(within => within);

    /// <summary>The result of several draws of a check.</summary>
    /// <param name="draws">The result of each, at least one.</param>
    internal static CheckResult OfDraws(IReadOnlyList<CheckResult> draws)
    {
        var last = draws[^1];
        return last with
        {
            Value = draws.Max(draw => draw.Value),
            Gradients = [.. last.Gradients.Select((_, input) => Judged(last.Check, draws.Select(draw => draw.Gradients[input]), input))],
        };
    }

    private static double Judged(KernelCheck check, IEnumerable<double> gradients, int input)
    {
        double[] ordered = [.. gradients.Order()]; // not a number comes first
        return double.IsNaN(ordered[0]) ? double.NaN : check.Cancels(input) ? ordered[ordered.Length / 2] : ordered[^1];
    }
}
