using System.CommandLine;
using System.Globalization;
using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Checks;
using Distil.Trainer.Training.Profiling;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands;

/// <summary><c>kernels</c>: whether this machine's GPU runs Distil's kernels rightly, and where a training step's time goes.</summary>
internal static class KernelsCommand
{
    public static Command Create()
    {
        var check = new Command("check", "Run every CUDA kernel against plain tensor operations, values and gradients; exit code 1 if one differs.");
        check.SetAction(_ => Check(Console.Out));
        var batch = new Option<int>("--batch") { Description = "Rows.", DefaultValueFactory = _ => 8 };
        var length = new Option<int>("--length") { Description = "Tokens a row.", DefaultValueFactory = _ => 512 };
        var blocks = new Option<int>("--blocks") { Description = "Blocks; sLSTM at the even ones.", DefaultValueFactory = _ => 6 };
        var profile = new Command("profile", "Time a training step of the paper's student on this GPU, whole and by parts, with random weights and targets.") { batch, length, blocks };
        profile.SetAction(parsed => Profile(parsed.GetValue(batch), parsed.GetValue(length), parsed.GetValue(blocks), Console.Out));
        return new Command("kernels", "Check and time the CUDA kernels on this machine's GPU.") { check, profile };
    }

    private static int Check(TextWriter output)
    {
        if (!Found(output)) { return 1; }

        string Percent(double share) => (100 * share).ToString("0.000", CultureInfo.InvariantCulture) + " %";
        string Milliseconds(double time) => time.ToString("0.00", CultureInfo.InvariantCulture) + " ms";
        var failed = 0;
        output.WriteLine($"| kernel | shape | value | worst gradient | kernel | plain | |\n|---|---|--:|--:|--:|--:|---|");
        foreach (var check in KernelChecks.All)
        {
            string row;
            try
            {
                var result = check.Run();
                failed += result.Passed ? 0 : 1;
                row = $"{Percent(result.Value)} | {Percent(result.Gradients.Max())} | {Milliseconds(result.FusedMilliseconds)} | {Milliseconds(result.PlainMilliseconds)} | "
                    + (result.Passed ? "ok" : $"differs by more than {Percent(KernelCheck.Tolerance)}: gradients {string.Join(", ", result.Gradients.Select(Percent))}");
            }
            catch (Exception error)
            {
                failed++;
                row = $"| | | | {error.Message.ReplaceLineEndings(" ")}";
            }

            output.WriteLine($"| {check.Kernel} | {check.Shape} | {row} |");
        }

        output.WriteLine(failed == 0 ? $"all {KernelChecks.All.Count} agree within {Percent(KernelCheck.Tolerance)}" : $"{failed} of {KernelChecks.All.Count} do not agree");
        return failed == 0 ? 0 : 1;
    }

    private static int Profile(int batch, int length, int blocks, TextWriter output)
    {
        if (!Found(output)) { return 1; }

        foreach (var line in new StepProfile(batch, length, blocks).Lines()) { output.WriteLine(line); }
        return 0;
    }

    private static bool Found(TextWriter output)
    {
        if (!cuda.is_available())
        {
            output.WriteLine("torch finds no CUDA GPU here: nothing to run");
            return false;
        }

        output.WriteLine(KernelSupport.Obstacle is { } obstacle
            ? $"no kernel can run here: {obstacle}"
            : $"{KernelSupport.Card.Name}, {KernelSupport.Card.Architecture}, NVRTC {KernelSupport.Compiler.Version}, torch {typeof(TorchSharp.torch).Assembly.GetName().Version}");
        return KernelSupport.Obstacle is null;
    }
}
