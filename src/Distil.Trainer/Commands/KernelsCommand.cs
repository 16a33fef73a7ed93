using System.CommandLine;
using System.Globalization;
using Distil.Core.Specification;
using Distil.Trainer.Commands.Checks;
using Distil.Trainer.Kernels;
using Distil.Trainer.Torch;
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
        var only = new Option<int>("--steps") { Description = "Run so many whole steps and nothing else, to look at under a profiler; 0 times the parts.", DefaultValueFactory = _ => 0 };
        var autograd = new Option<bool>("--autograd") { Description = "Go back through the blocks by torch's autograd, to compare; without it, by this project's own way back." };
        var profile = new Command("profile", "Time a training step of the paper's student on this GPU, whole and by parts, with random weights and targets.") { batch, length, blocks, only, autograd };
        profile.SetAction(parsed => Profile(
            new(parsed.GetValue(batch), parsed.GetValue(length), parsed.GetValue(blocks), parsed.GetValue(only), parsed.GetValue(autograd)), Console.Out));
        return new Command("kernels", "Check and time the CUDA kernels on this machine's GPU.") { check, profile, CurveCommand() };
    }

    private static Command CurveCommand()
    {
        var teacher = new Option<string>("--teacher") { Required = true, Description = "Folder of a teacher with its tokenizer." };
        var train = new Option<string>("--train") { Required = true, Description = "Text to distil on, a document a line." };
        var held = new Option<string>("--eval") { Required = true, Description = "Text that is held out." };
        var device = new Option<ComputeDevice>("--device") { Description = "auto (CUDA where present), cpu or cuda." };
        var precision = new Option<Precision>("--precision") { Description = "ComputeType of the student: fp32 (default) or bf16." };
        var steps = new Option<int>("--steps") { Description = "Optimiser steps.", DefaultValueFactory = _ => 2000 };
        var every = new Option<int>("--every") { Description = "Steps between evaluations.", DefaultValueFactory = _ => 500 };
        var command = new Command("curve", "Distil the demo's student and print how its held-out loss falls, to compare precisions and devices.")
        {
            teacher, train, held, device, precision, steps, every,
        };
        command.SetAction(parsed => new PrecisionCurve(
            parsed.GetRequiredValue(teacher), parsed.GetRequiredValue(train), parsed.GetRequiredValue(held), TorchDevice.Of(parsed.GetValue(device)), parsed.GetValue(precision)).Run(
            parsed.GetValue(steps), parsed.GetValue(every), (step, loss) => Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{step,6} {loss:0.00000}"))));
        return command;
    }

    private static int Check(TextWriter output)
    {
        if (!Found(output))
        {
            return 1;
        }

        string Percent(double share) => (100 * share).ToString("0.000", CultureInfo.InvariantCulture) + " %";
        string Milliseconds(double time) => time.ToString("0.00", CultureInfo.InvariantCulture) + " ms";
        var failed = 0;
        output.WriteLine($"| kernel | shape | value | worst gradient | kernel | plain | |\n|---|---|--:|--:|--:|--:|---|");
        KernelCheck[] checks = [.. KernelChecks.All.Where(check => !check.NeedsClusters || KernelSupport.Card.HasClusters)];
        foreach (var check in checks)
        {
            string row;
            try
            {
                var result = check.Run();
                failed += result.Passed ? 0 : 1;
                row = $"{Percent(result.Value)} | {Percent(result.Gradients.Max())} | {Milliseconds(result.FusedMilliseconds)} | {Milliseconds(result.PlainMilliseconds)} | "
                    + (result.Passed ? "ok" : $"differs by more than {Percent(check.Tolerance)}: gradients {string.Join(", ", result.Gradients.Select(Percent))}");
            }
            catch (Exception error)
            {
                failed++;
                row = $"| | | | {error.Message.ReplaceLineEndings(" ")}";
            }

            output.WriteLine($"| {check.Kernel} | {check.Shape} | {row} |");
        }

        output.WriteLine(failed == 0 ? $"all {checks.Length} agree" : $"{failed} of {checks.Length} do not agree");
        return failed == 0 ? 0 : 1;
    }

    private static int Profile(StepProfile profile, TextWriter output)
    {
        if (!Found(output))
        {
            return 1;
        }

        foreach (var line in profile.Lines())
        {
            output.WriteLine(line);
        }
        return 0;
    }

    private static bool Found(TextWriter output)
    {
        if (!cuda.is_available())
        {
            output.WriteLine("torch finds no CUDA GPU here: nothing to run");
            return false;
        }

        output.WriteLine(KernelSupport.UnavailableReason is { } obstacle
            ? $"no kernel can run here: {obstacle}"
            : $"{KernelSupport.Card.Name}, {KernelSupport.Card.Architecture}, NVRTC {KernelSupport.Compiler.Version}, torch {typeof(TorchSharp.torch).Assembly.GetName().Version}");
        return KernelSupport.UnavailableReason is null;
    }
}
