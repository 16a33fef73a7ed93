using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Distil.Core.Specification;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.Torch;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Steps;
using static TorchSharp.torch;

namespace Distil.Bench;

/// <summary>Training beside other work: how many steps are made, and what processor time they cost, with several settings of OpenMP's threads.</summary>
internal static class ThreadsBench
{
    private const int WarmUp = 3;

    private static readonly (string Name, string? Variable, string? Value)[] Settings =
    [
        ("as libgomp decides", null, null),
        ("GOMP_SPINCOUNT=0", "GOMP_SPINCOUNT", "0"),
        ("GOMP_SPINCOUNT=100", "GOMP_SPINCOUNT", "100"),
        ("GOMP_SPINCOUNT=1000", "GOMP_SPINCOUNT", "1000"),
        ("GOMP_SPINCOUNT=10000", "GOMP_SPINCOUNT", "10000"),
        ("OMP_NUM_THREADS=1", "OMP_NUM_THREADS", "1"),
    ];

    internal static Command Create()
    {
        var command = new Command("threads", "Training steps beside busy processes, with several settings of OpenMP's threads (CPU).");
        var busy = new Option<int>("--busy") { Description = "Number of processes that compute beside it.", DefaultValueFactory = _ => 0 };
        var rounds = new Option<int>("--rounds") { Description = "Rounds; each runs every setting once.", DefaultValueFactory = _ => 3 };
        var seconds = new Option<int>("--seconds") { Description = "Seconds of each run.", DefaultValueFactory = _ => 10 };
        command.Add(busy);
        command.Add(rounds);
        command.Add(seconds);
        command.SetAction(parsed => Run(parsed.GetValue(busy), parsed.GetValue(rounds), parsed.GetValue(seconds)));
        return command;
    }

    /// <summary>The process beside which training is measured.</summary>
    internal static Command CreateBusy()
    {
        var command = new Command("busy", "Computes until its input ends.") { Hidden = true };
        command.SetAction(_ =>
        {
            var ended = Task.Run(Console.In.ReadLine);
            for (var value = 1.0; !ended.IsCompleted; value = Math.Sqrt(value + 1))
            {
            }
        });
        return command;
    }

    /// <summary>The process that is measured.</summary>
    internal static Command CreateTraining()
    {
        var command = new Command("training", "Trains for some seconds; prints steps and milliseconds of processor time.") { Hidden = true };
        var seconds = new Option<int>("--seconds") { Required = true };
        command.Add(seconds);
        command.SetAction(parsed => Train(TimeSpan.FromSeconds(parsed.GetValue(seconds))));
        return command;
    }

    private static void Run(int busy, int rounds, int seconds)
    {
        var found = Settings.ToDictionary(setting => setting.Name, _ => new List<(double Rate, double Cost)>());
        var others = Enumerable.Range(0, busy).Select(_ => Start("busy")).ToArray();
        try
        {
            for (var round = 0; round < rounds; round++)
            {
                foreach (var (name, variable, value) in Settings)
                {
                    using var process = Start("training", variable, value, "--seconds", seconds.ToString(CultureInfo.InvariantCulture));
                    double[] said = [.. process.StandardOutput.ReadToEnd().Split(' ').Select(part => double.Parse(part, CultureInfo.InvariantCulture))];
                    process.WaitForExit();
                    found[name].Add((said[0] / seconds, said[1] / said[0]));
                }
            }
        }
        finally
        {
            foreach (var other in others)
            {
                other.StandardInput.Close();
                other.WaitForExit();
            }
        }

        Console.WriteLine($"CPU, {Environment.ProcessorCount} cores, {busy} busy processes beside; medians of {rounds} runs of {seconds} s, steps of {StepBench.Rows} × {StepBench.Length} tokens");
        Console.WriteLine("| setting | steps a second | processor ms a step |");
        Console.WriteLine("|---|--:|--:|");
        foreach (var (name, _, _) in Settings)
        {
            Console.WriteLine($"| {name} | {Median(found[name].Select(run => run.Rate)):F2} | {Median(found[name].Select(run => run.Cost)):F0} |");
        }
    }

    private static void Train(TimeSpan time)
    {
        using var scope = NewDisposeScope();
        var embedding = randn(StepBench.Student.VocabularySize, StepBench.Student.Width) * 0.1;
        var distillation = new DeltaDistillation(new DistillationSpec());
        using var batch = StepBench.Batch();
        using var model = XlstmModel.Create(StepBench.Student, embedding, embedding, 1, CPU, Backend.For(CPU));
        using var optimizer = new AdamW(model.TrainableParameters, new());
        var training = new TrainingStep(model, optimizer, distillation, 1.0, 512);
        var step = 0L;
        void Step()
        {
            using var pause = NoGcRegion.Begin();
            training.Run(batch, distillation.At(0, step++), 1e-4);
        }

        while (step < WarmUp)
        {
            Step();
        }

        var (since, before) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        while (Stopwatch.GetElapsedTime(since) < time)
        {
            Step();
        }

        Console.WriteLine(FormattableString.Invariant($"{step - WarmUp} {(Environment.CpuUsage.TotalTime - before).TotalMilliseconds:F0}"));
    }

    private static Process Start(string command, string? variable = null, string? value = null, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [typeof(ThreadsBench).Assembly.Location, command, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        if (variable is not null)
        {
            start.Environment[variable] = value;
        }

        return Process.Start(start)!;
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
