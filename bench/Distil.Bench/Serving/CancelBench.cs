using System.CommandLine;
using System.Diagnostics;

namespace Distil.Bench.Serving;

/// <summary>How long a cancelled run takes to end, by how its job reacts.</summary>
internal static class CancelBench
{
    private const string Polite = "while read -r request; do while :; do sleep 0.1; done; done";

    internal static Command Create()
    {
        var times = new Option<int>("--times") { DefaultValueFactory = _ => 5, Description = "Runs of each kind." };
        var command = new Command("cancel", "From POST …/cancel under `distil serve` to the state `cancelled`.") { times };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(times)));
        return command;
    }

    private static async Task RunAsync(int times)
    {
        Console.WriteLine("| job | runs | median, s | slowest, s |");
        Console.WriteLine("|---|--:|--:|--:|");
        await MeasureAsync("ends when it is asked to", Polite, times, waiting: false);
        await MeasureAsync("does not, and is killed", $"trap '' TERM\n{Polite}", times, waiting: false);
        await MeasureAsync("waits for a place behind another run's", Polite, times, waiting: true);
    }

    private static async Task MeasureAsync(string job, string trainer, int times, bool waiting)
    {
        using var served = await ServedProcess.StartAsync(trainer, jobs: 1);
        using var client = new ServedRuns(served.Url, connections: 2);
        if (waiting)
        {
            await StartAsync(client);
        }

        var seconds = new List<double>();
        for (var i = 0; i < times; i++)
        {
            var run = await StartAsync(client);
            var began = Stopwatch.GetTimestamp();
            await client.CancelAsync(run);
            while ((await client.ReadAsync(run)).GetProperty("state").GetString() != "cancelled")
            {
                await Task.Delay(20);
            }

            seconds.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        seconds.Sort();
        Console.WriteLine($"| {job} | {times} | {seconds[times / 2]:0.00} | {seconds[^1]:0.00} |");
    }

    /// <summary>Submits a run and waits until its first job has run long enough to be polled only once a second.</summary>
    private static async Task<string> StartAsync(ServedRuns client)
    {
        var run = await client.SubmitAsync();
        while (!((await client.ReadAsync(run)).TryGetProperty("jobs", out var jobs) && jobs.GetArrayLength() > 0))
        {
            await Task.Delay(20);
        }

        await Task.Delay(TimeSpan.FromSeconds(20));
        return run;
    }
}
