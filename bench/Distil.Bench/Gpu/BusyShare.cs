using System.Diagnostics;
using System.Globalization;

namespace Distil.Bench.Gpu;

/// <summary>The share of time in which a kernel ran, from <c>nvidia-smi</c>'s samples between the start and <see cref="End"/>.</summary>
internal sealed class BusyShare : IDisposable
{
    /// <summary>A sample covers up to a second before it.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1.5);

    private readonly List<int> _samples = [];
    private readonly Process? _watcher;
    private readonly Stopwatch _since = Stopwatch.StartNew();

    internal BusyShare()
    {
        var visible = Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES")?.Split(',')[0];
        var card = string.IsNullOrEmpty(visible) ? "0" : visible; // torch's first card
        try
        {
            _watcher = Process.Start(new ProcessStartInfo("nvidia-smi", $"--id={card} --query-gpu=utilization.gpu --format=csv,noheader,nounits --loop-ms=200")
            {
                RedirectStandardOutput = true,
            });
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            Console.Error.WriteLine($"nvidia-smi: {missing.Message}; the GPU's busy share is left out");
            return;
        }

        _watcher!.OutputDataReceived += (_, line) => Take(line.Data);
        _watcher.BeginOutputReadLine();
    }

    /// <summary>Prints the share as a figure.</summary>
    /// <param name="name">The work that kept the GPU busy.</param>
    internal void End(string name)
    {
        var seconds = _since.Elapsed.TotalSeconds;
        Dispose();
        lock (_samples)
        {
            if (_samples.Count > 0)
            {
                Figure.Say(
                    $"GPU busy, percent: {name}",
                    new
                    {
                        mean = Math.Round(_samples.Average(), 1),
                        median = _samples.Order().ElementAt(_samples.Count / 2),
                        samples = _samples.Count,
                        seconds = Math.Round(seconds, 1),
                    });
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_watcher is { HasExited: false })
        {
            _watcher.CancelOutputRead();
            _watcher.Kill();
        }
    }

    private void Take(string? line)
    {
        if (_since.Elapsed < Settling || !int.TryParse(line, NumberStyles.Integer, CultureInfo.InvariantCulture, out var percent))
        {
            return;
        }
        lock (_samples)
        {
            _samples.Add(percent);
        }
    }
}
