using System.CommandLine;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Distil.Bench.Decoding;
using Distil.Cli.Serving;
using Distil.Cli.Serving.OpenAi;
using Distil.Inference.Answers;
using Distil.Inference.Engines;
using Distil.Inference.Tests.Engines;

namespace Distil.Bench.Serving;

/// <summary>Streams of <c>/v1/completions</c> beside the engine's own rate. The readers run in the server's process and share its cores.</summary>
internal static class EndpointBench
{
    private const int TokensOfAnswer = 256;

    internal static Command Create()
    {
        var streams = new Option<int[]>("--streams")
        {
            Description = "Numbers of streams at once.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1, 64],
        };
        var seconds = new Option<int>("--seconds") { Description = "Time of each measurement.", DefaultValueFactory = _ => 10 };
        var paper = new Option<bool>("--paper") { Description = "The paper's student (some 4 GB of memory) instead of the demo's." };
        var command = new Command("endpoint", "Tokens a second of streamed completions, beside the engine's own.") { streams, seconds, paper };
        command.SetAction((parsed, cancel) =>
            RunAsync(parsed.GetValue(streams)!, TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(paper), cancel));
        return command;
    }

    private static async Task RunAsync(int[] streams, TimeSpan time, bool paper, CancellationToken cancel)
    {
        var folder = RandomStudent.Write(paper ? BenchStudents.Paper : BenchStudents.Demo, bfloat16: true);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "tokenizer.json"), Path.Combine(folder, "tokenizer.json"));
        Console.WriteLine("| streams | engine, tokens/s | endpoint, tokens/s | share | answers | errors |");
        Console.WriteLine("|--:|--:|--:|--:|--:|--:|");
        foreach (var count in streams)
        {
            var engine = EngineRate(folder, count, time);
            var (rate, answers, errors) = await ServeAsync(folder, count, time, cancel);
            Console.WriteLine($"| {count} | {engine:F0} | {rate:F0} | {rate / engine:F2} | {answers} | {errors} |");
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Tokens a second of passes over as many texts, without a sampler or a server.</summary>
    private static double EngineRate(string folder, int count, TimeSpan time)
    {
        using var engine = StudentEngine.Open(folder, new() { MaxRows = Math.Max(new EngineOptions().MaxRows, count) });
        var inputs = Enumerable.Range(0, count).Select(i => new StudentInput(engine.NewState(), i % engine.VocabularySize, true)).ToArray();
        engine.Run(inputs);
        var (start, passes) = (Stopwatch.GetTimestamp(), 0);
        for (; Stopwatch.GetElapsedTime(start) < time; passes++)
        {
            engine.Run(inputs);
        }

        var rate = passes * count / Stopwatch.GetElapsedTime(start).TotalSeconds;
        foreach (var input in inputs)
        {
            input.State.Dispose();
        }

        return rate;
    }

    private static async Task<(double Rate, int Answers, int Errors)> ServeAsync(string folder, int count, TimeSpan time, CancellationToken cancel)
    {
        await using var model = StudentModel.Open(folder, new() { Device = Core.Specification.ComputeDevice.Cpu, MaxRows = Math.Max(new EngineOptions().MaxRows, count) }, new() { Slots = count });
        await using var server = await ModelServer.StartAsync(model, new(), new ServeOptions { Urls = [new("http://127.0.0.1:0")] }, cancel);
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = count }) { BaseAddress = server.Urls[0] };
        var start = Stopwatch.GetTimestamp();
        var readings = await Task.WhenAll(Enumerable.Range(0, count).Select(reader => ReadAsync(client, model.Name, reader, time, cancel)));
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds; // the answers that were begun are finished
        return (readings.Sum(each => each.Tokens) / seconds, readings.Sum(each => each.Answers), readings.Sum(each => each.Errors));
    }

    private static async Task<(long Tokens, int Answers, int Errors)> ReadAsync(
        HttpClient client, string model, int reader, TimeSpan time, CancellationToken cancel)
    {
        var (tokens, answers, errors) = (0L, 0, 0);
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < time;)
        {
            var body = new JsonObject
            {
                ["model"] = model, ["prompt"] = new JsonArray(reader % 1000, answers % 1000), ["max_tokens"] = TokensOfAnswer, ["stream"] = true, ["seed"] = reader,
                ["stream_options"] = new JsonObject { ["include_usage"] = true },
            };
            using var request = new HttpRequestMessage(HttpMethod.Post, "v1/completions") { Content = JsonContent.Create(body) };
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(cancel));
            var made = (int?)null;
            while (await lines.ReadLineAsync(cancel) is { } line)
            {
                made = line.Contains("\"usage\":{", StringComparison.Ordinal) ? (int)JsonNode.Parse(line["data: ".Length..])!["usage"]!["completion_tokens"]! : made;
            }

            tokens += made ?? 0;
            answers += made is null ? 0 : 1;
            errors += made is null ? 1 : 0;
        }

        return (tokens, answers, errors);
    }
}
