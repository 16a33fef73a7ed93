using System.Globalization;

namespace Distil.Trainer.Reports.Charts;

/// <summary>An axis from <paramref name="From"/> to <paramref name="To"/> (logarithms if <paramref name="Logarithmic"/>) with round ticks.</summary>
internal sealed record ChartScale(double From, double To, bool Logarithmic, IReadOnlyList<(double Position, string Label)> Ticks)
{
    // Up to a ratio of eight a linear axis shows the end of a falling curve well enough; above, only a logarithmic one does.
    private const double LogarithmicFrom = 8;

    /// <summary>Creates the axis for values from least to most.</summary>
    /// <param name="least">Smallest value.</param>
    /// <param name="most">Largest value.</param>
    /// <param name="mayBeLogarithmic">Whether a wide range of positive values may have a logarithmic axis.</param>
    public static ChartScale Of(double least, double most, bool mayBeLogarithmic)
    {
        if (mayBeLogarithmic && least > 0 && most / least >= LogarithmicFrom)
        {
            return Logarithm(least, most);
        }

        var margin = most > least ? (most - least) * 0.05 : Math.Max(Math.Abs(most) * 0.1, 1e-12);
        return Linear(least - margin, most + margin);
    }

    /// <summary>Creates an axis without margins.</summary>
    public static ChartScale Linear(double from, double to)
    {
        var step = RoundStep((to - from) / 4);
        return Linear(from, to, step);
    }

    /// <summary>Creates an axis of whole numbers without margins, for steps and epochs.</summary>
    public static ChartScale Whole(double from, double to) => Linear(from, to, Math.Max(1, RoundStep((to - from) / 4)));

    private static ChartScale Linear(double from, double to, double step)
    {
        var decimals = Math.Max(0, -(int)Math.Floor(Math.Log10(step) + 1e-9));
        var first = (long)Math.Ceiling(from / step - 1e-9);
        var last = (long)Math.Floor(to / step + 1e-9);
        var ticks = Enumerable.Range(0, (int)(last - first + 1)).Select(i => ((first + i) * step, Label((first + i) * step, decimals)));
        return new ChartScale(from, to, false, [.. ticks]);
    }

    /// <summary>A value's position on the axis.</summary>
    public double At(double value) => Logarithmic ? Math.Log10(value) : value;

    private static ChartScale Logarithm(double least, double most)
    {
        var (bottom, top) = (Math.Log10(least), Math.Log10(most));
        var margin = (top - bottom) * 0.05;
        (bottom, top) = (bottom - margin, top + margin);
        double[] digits = top - bottom > 3 ? [1] : top - bottom > 1.3 ? [1, 3] : [1, 2, 5];
        var ticks = from power in Enumerable.Range((int)Math.Floor(bottom), (int)Math.Ceiling(top - bottom) + 2)
                    from digit in digits
                    let value = digit * Math.Pow(10, power)
                    where Math.Log10(value) >= bottom && Math.Log10(value) <= top
                    select (Math.Log10(value), Label(value, Math.Max(0, -power)));
        return new ChartScale(bottom, top, true, [.. ticks]);
    }

    /// <summary>Returns 1, 2 or 5 times a power of ten, at least <paramref name="least"/>.</summary>
    private static double RoundStep(double least)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        var digit = new[] { 1.0, 2, 5, 10 }.First(digit => digit * power >= least * (1 - 1e-9));
        return digit * power;
    }

    private static string Label(double value, int decimals) => value == 0 ? "0" : decimals > 4
        ? value.ToString("0.##e0", CultureInfo.InvariantCulture).Replace("-", "−", StringComparison.Ordinal)
        : Math.Abs(value) >= 10_000 && value % 1000 == 0 ? Markup.Figures.Count((long)value / 1000) + "k"
        : decimals == 0 && value >= 1000 ? Markup.Figures.Count((long)value) : Markup.Figures.Fixed(value, decimals);
}
