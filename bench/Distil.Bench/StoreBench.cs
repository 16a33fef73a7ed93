using System.CommandLine;
using System.Diagnostics;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Bench;

/// <summary>Writes teacher outputs to a file and reads them back: wall-clock and processor time of a batch.</summary>
internal static class StoreBench
{
    private const int Rows = 8;

    internal static Command Create()
    {
        var command = new Command("store", "Teacher outputs written and read again: milliseconds and processor time a batch (CPU).");
        command.SetAction(_ =>
        {
            Console.WriteLine($"{Rows} rows a batch; {Environment.ProcessorCount} cores; medians of 15 batches; ns: processor time a kept token");
            Console.WriteLine("| V | D | S | kept | bytes a token | write, ms | ns | read, ms | ns | read, tokens/s |");
            Console.WriteLine("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
            foreach (var (vocabulary, width, length, kept) in
                new[] { (151_936, 1536, 512, 128), (151_936, 1536, 512, 64), (151_936, 0, 512, 64), (1024, 128, 256, 10) })
            {
                Measure(vocabulary, width, length, kept);
            }
        });
        return command;
    }

    private static void Measure(int vocabulary, int width, int length, int kept)
    {
        using var scope = NewDisposeScope();
        var path = Path.Combine(Path.GetTempPath(), $"distil-bench-{Environment.ProcessId}.bin");
        var settings = new ExtractionSettings { InverseTemperatures = TemperatureNodes.Between(1, 2), MeanHidden = width > 0 };
        var targets = Targets(vocabulary, width, length, kept, settings.InverseTemperatures);
        try
        {
            using var writer = new TeacherOutputsWriter(path, TeacherOutputsHeader.For(settings, length, vocabulary, width));
            var write = Median(() => writer.Append(targets));
            writer.Complete();
            using var file = TeacherOutputsFile.Open(path);
            var rows = Enumerable.Range(0, Rows).Select(row => (long)row).ToArray();
            var read = Median(() => file.ReadRows(rows, CPU).Dispose());
            var (tokens, all) = (Rows * length, (double)Rows * length * kept);
            Console.WriteLine(
                $"| {vocabulary:#,0} | {width} | {length} | {kept} | {file.SparseBytesPerToken + file.HiddenBytesPerToken:F0} | {write.Wall:F1} | {write.Processor * 1e6 / all:F1} "
                + $"| {read.Wall:F1} | {read.Processor * 1e6 / all:F1} | {tokens / read.Wall * 1e3:#,0} |");
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Tokens as a nucleus contains them, most probable first, in slots for 128.</summary>
    private static TeacherTargets Targets(int vocabulary, int width, int length, int kept, IReadOnlyList<double> nodes)
    {
        const int slots = 128;
        var positions = (long)Rows * length;
        var logs = nn.functional.log_softmax(randn(positions, 2 * slots) * 3, -1).sort(-1, descending: true).Values.narrow(-1, 0, slots).contiguous();
        logs.narrow(-1, kept, slots - kept).fill_(float.NegativeInfinity);
        var stride = vocabulary / slots;
        var ids = randint(stride, [positions, slots], ScalarType.Int64) + rand(positions, slots).argsort(-1) * stride; // distinct and unordered
        return new(ids, logs, full([positions, nodes.Count], -2f), nodes, width == 0 ? null : randn([Rows, length, width]).to(ScalarType.Float16));
    }

    private static (double Wall, double Processor) Median(Action action, int runs = 15)
    {
        var times = new (double Wall, double Processor)[runs];
        for (var run = -4; run < runs; run++)
        {
            using var scope = NewDisposeScope();
            var (started, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            action();
            if (run >= 0)
            {
                times[run] = (Stopwatch.GetElapsedTime(started).TotalMilliseconds, (Environment.CpuUsage.TotalTime - used).TotalMilliseconds);
            }
        }

        double Middle(Func<(double Wall, double Processor), double> of) => times.Select(of).Order().ElementAt(runs / 2);
        return (Middle(time => time.Wall), Middle(time => time.Processor));
    }
}
