using System.Collections.Concurrent;
using System.Diagnostics;

namespace Distil.Bench.Serving;

/// <summary>Latencies and errors of one kind of request.</summary>
internal sealed class Latencies
{
    private readonly ConcurrentBag<double> _milliseconds = [];
    private readonly ConcurrentDictionary<string, int> _errors = new();

    public async Task MeasureAsync(Func<Task> request)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            await request();
            _milliseconds.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        catch (HttpRequestException failed)
        {
            _errors.AddOrUpdate(failed.Message, 1, (_, count) => count + 1);
        }
    }

    /// <summary>A row of the table.</summary>
    public string Row(string name, int clients, double seconds)
    {
        var sorted = _milliseconds.Order().ToArray();
        return
            $"| {name} | {clients} | {sorted.Length:N0} | {sorted.Length / seconds:N0} | {At(0.5):N0} | {At(0.99):N0} | {At(1):N0} | {_errors.Values.Sum()} |"
            + string.Concat(_errors.Select(error => $"\n{error.Value} × {error.Key}"));

        double At(double share) => sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
    }
}
