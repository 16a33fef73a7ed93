using System.Collections.Concurrent;
using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Distil.Bench.Serving;

/// <summary>The HTTP API under load: many read statuses while many submit runs; real process, engine and Azurite, no trainer.</summary>
internal static class ServeBench
{
    /// <summary>The newest runs are watched, as many as there are submitters.</summary>
    private const int Watched = 20;

    private static readonly TimeSpan BetweenSubmissions = TimeSpan.FromSeconds(1);

    internal static Command Create()
    {
        var seconds = new Option<int>("--seconds") { DefaultValueFactory = _ => 60, Description = "How long." };
        var readers = new Option<int>("--readers") { DefaultValueFactory = _ => 200, Description = "Clients that read statuses, one request after the other." };
        var submitters = new Option<int>("--submitters") { DefaultValueFactory = _ => 20, Description = "Clients that submit runs, a second apart." };
        var command = new Command("serve", "`distil serve` under load: requests a second, latencies, errors, memory.") { seconds, readers, submitters };
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(seconds), parsed.GetValue(readers), parsed.GetValue(submitters)));
        return command;
    }

    private static async Task RunAsync(int seconds, int readers, int submitters)
    {
        var repository = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(repository, "Distil.sln")))
            repository = Path.GetDirectoryName(repository)!;

        using var served = await ServedProcess.StartAsync(repository);
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = readers + submitters }) { BaseAddress = served.Url, Timeout = TimeSpan.FromSeconds(60) };
        var (reads, submissions, runs) = (new Latencies(), new Latencies(), new ConcurrentStack<string>());
        await SubmitAsync(client, repository, runs);

        var began = Stopwatch.GetTimestamp();
        var end = TimeSpan.FromSeconds(seconds);
        var clients = Enumerable.Range(0, readers).Select(_ => LoopAsync(TimeSpan.Zero, () => reads.MeasureAsync(() => ReadAsync(client, runs))))
            .Concat(Enumerable.Range(0, submitters).Select(_ => LoopAsync(BetweenSubmissions, () => submissions.MeasureAsync(() => SubmitAsync(client, repository, runs)))));
        var memory = new List<double>();
        var watching = LoopAsync(TimeSpan.FromSeconds(1), () =>
        {
            memory.Add(served.Megabytes);
            return Task.CompletedTask;
        });
        await Task.WhenAll([.. clients, watching]);

        Console.WriteLine($"distil serve, {Environment.ProcessorCount} processors with Azurite and the clients on them, {seconds} s; latencies in milliseconds");
        Console.WriteLine("| requests | clients | answered | a second | median | 99 % | slowest | errors |");
        Console.WriteLine("|---|--:|--:|--:|--:|--:|--:|--:|");
        Console.WriteLine(reads.Row("GET /api/runs/{id}", readers, seconds));
        Console.WriteLine(submissions.Row("POST /api/runs", submitters, seconds));
        var sixth = Math.Max(1, memory.Count / 6);
        Console.WriteLine($"resident memory, MiB, means of sixths of the time: {string.Join(", ", memory.Chunk(sixth).Select(part => $"{part.Average():N0}"))}; {runs.Count:N0} runs");

        async Task LoopAsync(TimeSpan pause, Func<Task> act)
        {
            while (Stopwatch.GetElapsedTime(began) < end)
            {
                await act();
                if (pause > TimeSpan.Zero)
                    await Task.Delay(pause);
            }
        }
    }

    private static async Task ReadAsync(HttpClient client, ConcurrentStack<string> runs)
    {
        using var response = await client.GetAsync($"/api/runs/{runs.Take(Watched).ElementAt(Random.Shared.Next(Math.Min(Watched, runs.Count)))}");
        response.EnsureSuccessStatusCode();
        await response.Content.ReadAsByteArrayAsync();
    }

    private static async Task SubmitAsync(HttpClient client, string repository, ConcurrentStack<string> runs)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/runs") { Content = new StringContent(Spec(repository), new MediaTypeHeaderValue("application/json")) };
        request.Headers.Add("Idempotency-Key", $"\"{Guid.NewGuid()}\"");
        using var response = await client.SendAsync(request);
        if (response.StatusCode != HttpStatusCode.Accepted)
            throw new HttpRequestException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");

        runs.Push(JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("runId").GetString()!);
    }

    private static string Spec(string repository) => new JsonObject
    {
        ["name"] = "load",
        ["teacher"] = new JsonObject { ["path"] = Path.Combine(repository, "samples", "stories", "teacher") },
        ["dataset"] = new JsonObject { ["sources"] = new JsonArray(Path.Combine(repository, "samples", "stories", "eval.txt")), ["contextLength"] = 64 },
        ["compute"] = new JsonObject { ["retries"] = 0 },
    }.ToJsonString();
}
