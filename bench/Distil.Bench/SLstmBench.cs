using System.CommandLine;
using Distil.Trainer.Models.Xlstm.SLstm.Cell;
using static TorchSharp.torch;

namespace Distil.Bench;

/// <summary>Compares the fused CPU scan of the sLSTM with plain tensor operations.</summary>
internal static class SLstmBench
{
    internal static Command Create()
    {
        var command = new Command("slstm", "sLSTM recurrence, forward and backward: the fused scan against plain tensor operations (CPU).");
        command.SetAction(_ => Run());
        return command;
    }

    private static void Run()
    {
        Console.WriteLine($"CPU, {Environment.ProcessorCount} threads, float32; medians of 15 runs (plain: 3), milliseconds");
        Console.WriteLine("|  B |   S |   D | heads | pass               |   plain |  fused | times |");
        Console.WriteLine("|---:|----:|----:|------:|--------------------|--------:|-------:|------:|");
        foreach (var (batch, length, width, heads) in new[] { (8, 256, 256, 4), (16, 256, 128, 4), (16, 256, 192, 4) })
        {
            using var scope = NewDisposeScope();
            var size = width / heads;
            Tensor[] inputs =
            [
                randn(heads, batch, length, 2 * size), randn(heads, batch, length, 2 * size), randn(heads, size, 4 * size) * 0.05, randn(4 * width),
            ];
            foreach (var input in inputs)
            {
                input.requires_grad = true;
            }
            var scan = new SLstmScanInputs(inputs[0], inputs[1], inputs[2], inputs[3]);
            Tensor Plain() => SLstmPlainScan.Forward(scan);
            Tensor Fused() => SLstmCpuScan.Instance.Forward(scan, null);
            void Row(string pass, double plain, double fused) => Console.WriteLine(
                $"| {batch,2} | {length,3} | {width,3} | {heads,5} | {pass,-18} | {plain,7:F1} | {fused,6:F2} | {plain / fused,5:F1} |");
            using (no_grad())
            {
                Row("forward", Stopwatches.Median(() => Plain(), 3, 1), Stopwatches.Median(() => Fused()));
            }
            Row("forward + backward", Stopwatches.Training(Plain, inputs, 3, 1), Stopwatches.Training(Fused, inputs));
        }
    }
}
