using System.Collections.Concurrent;
using System.CommandLine;
using System.Diagnostics;

namespace Distil.Bench.Serving;

/// <summary>The HTTP API under load: many clients read statuses while many submit runs; real process, engine and Azurite, with jobs that complete at
/// once.</summary>
internal static class ServeBench
{
    /// <summary>The newest runs are read, as many as there are submitters in the intended load.</summary>
    private const int Watched = 20;

    private const int Parts = 6;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(15);

    internal static Command Create()
    {
        var seconds = new Option<int>("--seconds") { DefaultValueFactory = _ => 60, Description = "How long." };
        var readers = new Option<int>("--readers") { DefaultValueFactory = _ => 200, Description = "Clients that read statuses." };
        var readPause = new Option<int>("--read-pause")
        {
            DefaultValueFactory = _ => 0,
            Description = "Milliseconds between an answer and the client's next read.",
        };
        var submitters = new Option<int>("--submitters") { DefaultValueFactory = _ => 20, Description = "Clients that submit runs." };
        var submitPause = new Option<int>("--submit-pause")
        {
            DefaultValueFactory = _ => 1000,
            Description = "Milliseconds between an answer and the client's next run.",
        };
        var command = new Command("serve", "`distil serve` under load: requests a second, latencies, errors, memory.")
        {
            seconds, readers, readPause, submitters, submitPause,
        };
        command.SetAction((parsed, _) => RunAsync(
            TimeSpan.FromSeconds(parsed.GetValue(seconds)),
            new Clients(parsed.GetValue(readers), TimeSpan.FromMilliseconds(parsed.GetValue(readPause))),
            new Clients(parsed.GetValue(submitters), TimeSpan.FromMilliseconds(parsed.GetValue(submitPause)))));
        return command;
    }

    private static async Task RunAsync(TimeSpan length, Clients readers, Clients submitters)
    {
        using var served = await ServedProcess.StartAsync();
        using var client = new ServedRuns(served.Url, readers.Count + submitters.Count);
        var (reads, submissions, runs) = (new Latencies(), new Latencies(), new ConcurrentStack<string>());
        runs.Push(await client.SubmitAsync());
        var began = Stopwatch.GetTimestamp();
        var (resident, live) = (new List<double>(), new List<double>());
        await Task.WhenAll(
        [
            .. Enumerable.Range(0, readers.Count).Select(_ => LoopAsync(readers.Pause, () => reads.MeasureAsync(() => client.ReadAsync(OneOf(runs))))),
            .. Enumerable.Range(0, submitters.Count).Select(
                _ => LoopAsync(submitters.Pause, () => submissions.MeasureAsync(async () => runs.Push(await client.SubmitAsync())))),
            LoopAsync(TimeSpan.FromSeconds(1), () =>
            {
                resident.Add(served.ResidentMegabytes);
                return Task.CompletedTask;
            }),
            LoopAsync(length / Parts, async () => live.Add(await served.LiveMegabytesAsync())),
        ]);
        await Task.Delay(Rest); // running jobs end
        var states = await Task.WhenAll(runs.Select(client.ReadAsync));
        var succeeded = states.Count(status => status.GetProperty("state").GetString() == "succeeded");
        live.Add(await served.LiveMegabytesAsync());

        Console.WriteLine($"distil serve, {Environment.ProcessorCount} processors with Azurite and the clients on them, {length.TotalSeconds:N0} s; latencies in milliseconds");
        Console.WriteLine("| requests | clients | answered | a second | median | 99 % | slowest | errors |");
        Console.WriteLine("|---|--:|--:|--:|--:|--:|--:|--:|");
        Console.WriteLine(reads.Row("GET /api/runs/{id}", readers.Count, length.TotalSeconds));
        Console.WriteLine(submissions.Row("POST /api/runs", submitters.Count, length.TotalSeconds));
        Console.WriteLine($"resident memory, MiB, means of parts of the time: {Join(resident.Chunk(Math.Max(1, resident.Count / Parts)).Select(part => part.Average()), "N0")}");
        Console.WriteLine($"managed heap after a full collection, MiB, at the parts' bounds, the last after {Rest.TotalSeconds:N0} s of rest: {Join(live, "N2")}; of {runs.Count:N0} runs {succeeded:N0} have succeeded");

        async Task LoopAsync(TimeSpan pause, Func<Task> act)
        {
            while (Stopwatch.GetElapsedTime(began) < length)
            {
                await act();
                if (pause > TimeSpan.Zero)
                {
                    await Task.Delay(pause);
                }
            }
        }
    }

    private static string OneOf(ConcurrentStack<string> runs) => runs.Take(Watched).ElementAt(Random.Shared.Next(Math.Min(Watched, runs.Count)));

    private static string Join(IEnumerable<double> values, string format) =>
        string.Join(", ", values.Select(value => value.ToString(format, System.Globalization.CultureInfo.InvariantCulture)));

    private sealed record Clients(int Count, TimeSpan Pause);
}
