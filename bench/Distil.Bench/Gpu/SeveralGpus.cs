using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Distil.Core.Jobs;
using Distil.Trainer.Ranks;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary><c>gpus</c>: training, teaching and a lost process on several GPUs of this machine, against one GPU in the same call.</summary>
internal static class SeveralGpus
{
    private const string Worker = "gpus-worker";

    /// <summary>A part: it prints in process 0, where the other processes are given; with null and one process, it measures one GPU.</summary>
    internal delegate double Part(GpuShare share);

    private static readonly Dictionary<string, Part> Parts = new()
    {
        ["step-8"] = share => SharedTraining.Speed(share, batchRows: 8, steps: 400),
        ["step-64"] = share => SharedTraining.Speed(share, batchRows: 64, steps: 90),
        ["loss"] = SharedTraining.Losses,
        ["linearised"] = SharedTraining.Linearised,
        ["teach"] = SharedTeaching.Speed,
    };

    internal static Command Create()
    {
        var count = new Option<int>("--gpus") { Description = "Number of GPUs.", DefaultValueFactory = _ => 2 };
        var parts = new Option<string[]>("--only")
        {
            Description = $"Which: {string.Join(", ", Parts.Keys)}, lost.", DefaultValueFactory = _ => [.. Parts.Keys, "lost"], AllowMultipleArgumentsPerToken = true,
        };
        var command = new Command("gpus", "Training and teaching on several GPUs of this machine, against one of them.") { count, parts };
        command.SetAction(async (parsed, cancel) => await RunAsync(parsed.GetValue(count), parsed.GetRequiredValue(parts)));
        return command;
    }

    internal static Command CreateWorker()
    {
        var command = new Command(Worker, "A further GPU of gpus.") { Hidden = true };
        command.SetAction(_ => RankWorker.Run(
            Console.OpenStandardInput(), Console.OpenStandardOutput(),
            (content, ranks, send) => Parts[JsonSerializer.Deserialize<string>(content)!](new GpuShare(ranks, null, send)),
            error => new(FailureClass.Transient, error.Message, error.ToString())));
        return command;
    }

    private static async Task RunAsync(int count, string[] parts)
    {
        using var pool = new RankPool(() => new(Environment.ProcessPath!, [typeof(SeveralGpus).Assembly.Location, Worker]));
        pool.Require(count, CUDA);
        foreach (var part in parts.Where(Parts.ContainsKey))
        {
            try
            {
                await MeasureAsync(pool, count, part);
            }
            catch (Exception error) when (error is RankLostException or System.Runtime.InteropServices.ExternalException or InvalidOperationException)
            {
                Figure.Say(part, new { failed = error is RankLostException lost ? lost.Failure.Detail ?? lost.Message : error.ToString() });
            }
        }

        if (parts.Contains("lost"))
        {
            await LoseAsync(pool, count);
        }
    }

    private static async Task MeasureAsync(RankPool pool, int count, string part)
    {
        var alone = Parts[part](new GpuShare(SingleRank.Instance, null, _ => { }));
        var began = Stopwatch.GetTimestamp();
        var together = await ShareAsync(pool, count, part);
        Figure.Say($"{count} GPUs: {part}", new { one = alone, together, ratio = together / alone, s = Stopwatch.GetElapsedTime(began).TotalSeconds });
    }

    /// <summary>Kills a process in the middle of the training: how long until the job knows it.</summary>
    private static async Task LoseAsync(RankPool pool, int count)
    {
        var killed = 0L;
        var kill = Task.Run(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(8));
            using var victim = Process.GetProcessById(pool.ProcessIds.First());
            killed = Stopwatch.GetTimestamp();
            victim.Kill();
        });
        try
        {
            await ShareAsync(pool, count, "step-8");
            Figure.Say("a process lost", new { failed = "it ended first" });
        }
        catch (RankLostException lost)
        {
            Figure.Say("a process lost", new { s = Stopwatch.GetElapsedTime(killed).TotalSeconds, what = lost.Message });
        }

        await kill;
        var again = await ShareAsync(pool, count, "step-8"); // with new processes
        Figure.Say("the same after it", new { together = again });
    }

    private static Task<double> ShareAsync(RankPool pool, int count, string part) => pool.RunAsync(
        count, CUDA, () => JsonSerializer.SerializeToUtf8Bytes(part),
        team => Task.FromResult(Parts[part](new GpuShare(team!.Group, team, _ => { }))));
}

/// <summary>A process's place in a measurement.</summary>
/// <param name="Ranks">The group.</param>
/// <param name="Others">The other processes, in process 0; null in them, and for a process alone.</param>
/// <param name="Send">Sends output to process 0.</param>
internal sealed record GpuShare(IRankGroup Ranks, RankTeam? Others, Action<ReadOnlyMemory<byte>> Send);
