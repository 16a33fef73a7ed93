using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Distil.Cli.Engine;
using Distil.Cli.Engine.Journal;
using Distil.Core;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Specification;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Bench;

/// <summary>Runs the embedded engine over plans of many shards; activities answer at once and journals only count, so that only the engine is
/// measured.</summary>
internal static class EngineBench
{
    internal static Command Create()
    {
        var command = new Command("engine", "The pipeline engine at 100, 1,000 and 10,000 shards: time, memory, journals.");
        command.SetAction(_ => RunAsync());
        return command;
    }

    private static async Task RunAsync()
    {
        await DriveAsync(100); // warm-up
        Console.WriteLine("| shards | seconds | CPU seconds | CPU ms a shard | allocated, MB | peak heap, MB | pipelines | entries | longest journal, entries | journals, MB |");
        Console.WriteLine("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        foreach (var shards in new[] { 100, 1_000, 10_000 })
        {
            var (seconds, processor, allocated, _, journals) = await DriveAsync(shards);
            var (_, _, _, peak, _) = await DriveAsync(shards, lookAtHeap: true); // a separate run, because each look is a full collection
            Console.WriteLine(
                $"| {shards:N0} | {seconds:0.00} | {processor:0.00} | {1000 * processor / shards:0.00} | {allocated / 1e6:0} | {peak / 1e6:0.0} | {journals.Pipelines:N0} | {journals.Entries:N0} | {journals.Longest:N0} | {journals.Bytes / 1e6:0.0} |");
        }
    }

    private static async Task<(double Seconds, double Processor, long Allocated, long Peak, CountingJournals Journals)> DriveAsync(
        int shards, bool lookAtHeap = false)
    {
        var journals = new CountingJournals();
        var input = new PipelineInput
        {
            Artifacts = new RunArtifacts(
                "run", new TeacherOutputs("outputs", new Dataset("dataset", shards)), Offline: true, [StudentVariant.Distilled], Epochs: 1),
            Parallelism = 8,
            Retries = 3,
        };
        GC.Collect();
        var (before, heap) = (GC.GetTotalAllocatedBytes(), GC.GetTotalMemory(forceFullCollection: true));
        var (processor, began) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        long peak = 0;
        var ended = new EmbeddedEngine(AnswerAsync, (_, path) => journals.Open(path), _ => { }, NullLogger.Instance, TimeProvider.System)
            .RunAsync(input, new TaskCompletionSource<string>().Task, CancellationToken.None);
        while (lookAtHeap && await Task.WhenAny(ended, Task.Delay(50)) != ended)
        {
            peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true) - heap); // live objects only
        }

        await ended;
        return (Stopwatch.GetElapsedTime(began).TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds,
            GC.GetTotalAllocatedBytes() - before, peak, journals);
    }

    private static Task<JsonElement> AnswerAsync(string activity, JsonElement input, CancellationToken cancel)
    {
        object answer = activity switch
        {
            FindArtifact.Id or IsCancelRequested.Id => false,
            StartJob.Id => new StartOutput(StartState.Started, new JobHandle("run", input.GetProperty("jobId").GetString()!, "handle")),
            PollJob.Id => new JobAnswer(JobState.Ended, new JobResult { StartedAt = DateTimeOffset.UnixEpoch, EndedAt = DateTimeOffset.UnixEpoch }),
            CloseArtifact.Id => new CloseOutput(),
            _ => true,
        };
        return Task.FromResult(JsonSerializer.SerializeToElement(answer, DistilJson.Options));
    }

    private sealed class CountingJournals
    {
        private readonly Lock _gate = new();

        public int Pipelines { get; private set; }

        public long Entries { get; private set; }

        public long Longest { get; private set; }

        public long Bytes { get; private set; }

        public IJournalLog Open(string path)
        {
            lock (_gate)
            {
                Pipelines++;
            }

            return new Log(this, path);
        }

        private sealed class Log(CountingJournals all, string path) : IJournalLog
        {
            private long _entries;

            public string Name => path;

            public Task<byte[]> ReadAsync(CancellationToken cancel) => Task.FromResult<byte[]>([]);

            public Task AppendAsync(byte[] bytes, CancellationToken cancel)
            {
                var added = bytes.Count(each => each == '\n');
                lock (all._gate)
                {
                    _entries += added;
                    all.Entries += added;
                    all.Bytes += bytes.Length;
                    all.Longest = Math.Max(all.Longest, _entries);
                }

                return Task.CompletedTask;
            }

            public Task ReplaceAsync(byte[] bytes, CancellationToken cancel) => Task.CompletedTask;
        }
    }
}
