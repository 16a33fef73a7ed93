using static System.FormattableString;

namespace Distil.Cli.Display;

/// <summary>Formats bytes for people, in powers of 1000.</summary>
internal static class ByteSize
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB", "PB"];

    internal static string Of(double bytes)
    {
        var unit = 0;
        for (; bytes >= 999.95 && unit < Units.Length - 1; unit++)
        {
            bytes /= 1000;
        }

        return unit == 0 ? Invariant($"{bytes:0} B") : Invariant($"{bytes:0.0} {Units[unit]}");
    }
}
