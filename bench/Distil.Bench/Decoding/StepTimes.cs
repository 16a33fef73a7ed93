using System.Diagnostics;

namespace Distil.Bench.Decoding;

/// <summary>Times of steps of decoding.</summary>
internal static class StepTimes
{
    /// <summary>Median milliseconds of a call, after a quarter as many that do not count.</summary>
    internal static double Median(int count, Action<int> run)
    {
        var times = new double[count];
        for (var i = -count / 4; i < count; i++)
        {
            var start = Stopwatch.GetTimestamp();
            run(i + count);
            times[Math.Max(i, 0)] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        return times[count / 2];
    }
}
