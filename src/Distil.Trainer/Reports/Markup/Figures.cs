using System.Globalization;

namespace Distil.Trainer.Reports.Markup;

/// <summary>Formats numbers: with a narrow space between thousands and before units, and without line breaks.</summary>
internal static class Figures
{
    /// <summary>Stands between a number and its standard error.</summary>
    public const string BeforeError = $"{Space}±{Space}";

    private const string Space = "\u202F";
    private static readonly string[] ByteUnits = ["bytes", "kB", "MB", "GB", "TB"];

    /// <summary>A whole number: 1 234 567.</summary>
    public static string Count(long number) => number.ToString("#,0", CultureInfo.InvariantCulture).Replace(",", Space, StringComparison.Ordinal);

    /// <summary>A number to three significant digits or more: 0.0123, 4.56, 78.9, 1 235.</summary>
    public static string Number(double number) => Math.Abs(number) switch
    {
        0 => "0",
        >= 99.95 => Count((long)Math.Round(number)),
        < 0.001 => number.ToString("0.00e0", CultureInfo.InvariantCulture).Replace("-", "−", StringComparison.Ordinal),
        var size => Fixed(number, 2 - (int)Math.Floor(Math.Log10(size * 1.0005))),
    };

    /// <summary>A measured number and its standard error, to the error's second digit: 5.831 ± 0.024; the number alone if the error is not known.</summary>
    public static string Measured(double number, double? error)
    {
        if (error is not > 0)
        {
            return Number(number);
        }

        var decimals = Math.Clamp(1 - (int)Math.Floor(Math.Log10(error.Value * 1.005)), 0, 6);
        return $"{Fixed(number, decimals)}{BeforeError}{Fixed(error.Value, decimals)}";
    }

    /// <summary>A number from a setting, as it was written: 0.8, 2, 0.0002.</summary>
    public static string Setting(double number) => number.ToString("0.##########", CultureInfo.InvariantCulture);

    /// <summary>A number with a fixed number of decimals.</summary>
    public static string Fixed(double number, int decimals) =>
        number.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture).Replace("-", "−", StringComparison.Ordinal);

    /// <summary>A share of one as a percentage.</summary>
    public static string Percent(double share) => $"{Fixed(100 * share, Math.Abs(share) < 0.1 ? 2 : 1)}{Space}%";

    /// <summary>Bytes in decimal units: 1 kB is 1000 bytes.</summary>
    public static string Bytes(double bytes)
    {
        var unit = 0;
        for (; bytes >= 999.5 && unit + 1 < ByteUnits.Length; unit++)
        {
            bytes /= 1000;
        }

        return $"{(unit == 0 ? Count((long)Math.Round(bytes)) : Number(bytes))}{Space}{ByteUnits[unit]}";
    }

    /// <summary>A time: 0.45 s, 12.3 s, 4 min 05 s, 2 h 03 min.</summary>
    public static string Duration(double seconds)
    {
        var whole = (long)Math.Round(seconds);
        return whole switch
        {
            < 60 => $"{Number(seconds)}{Space}s",
            < 3600 => $"{whole / 60}{Space}min {whole % 60:00}{Space}s",
            _ => $"{Count(whole / 3600)}{Space}h {whole % 3600 / 60:00}{Space}min",
        };
    }
}
