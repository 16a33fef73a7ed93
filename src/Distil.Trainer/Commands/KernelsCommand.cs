using System.CommandLine;
using System.Globalization;
using Distil.Trainer.Commands.Checks;
using Distil.Trainer.Kernels;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands;

/// <summary><c>kernels check</c>: whether Distil's kernels compute correctly on this machine's GPU.</summary>
internal static class KernelsCommand
{
    public static Command Create()
    {
        var check = new Command("check", "Run every CUDA kernel against plain tensor operations, values and gradients, and decoding against the engine on the CPU; exit code 1 if one differs.");
        var only = new Option<string>("--only") { Description = "Only kernels and shapes whose row contains this text.", DefaultValueFactory = _ => "" };
        var draws = new Option<int>("--draws")
        {
            Description = "Random inputs of each check.", DefaultValueFactory = _ => KernelCheck.UsualDraws,
        };
        check.Add(only);
        check.Add(draws);
        check.SetAction(parsed => Check(Console.Out, parsed.GetValue(only)!, Math.Max(parsed.GetValue(draws), 1)));
        return new Command("kernels", "Check the CUDA kernels on this machine's GPU.") { check };
    }

    private static int Check(TextWriter output, string only, int draws)
    {
        if (!Found(output))
        {
            return 1;
        }

        string Percent(double share) => (100 * share).ToString("0.000", CultureInfo.InvariantCulture) + " %";
        string Milliseconds(double time) => time.ToString("0.00", CultureInfo.InvariantCulture) + " ms";
        var failed = 0;
        output.WriteLine($"| kernel | shape | value | worst gradient | kernel | plain | |\n|---|---|--:|--:|--:|--:|---|");
        KernelCheck[] checks =
        [
            .. KernelChecks.All.Where(check => check.Kernel.Form == Form.Cuda && (!check.NeedsClusters || CudaRuntime.Card.HasClusters)
                && $"{check.Name} {check.Shape}".Contains(only, StringComparison.OrdinalIgnoreCase)),
        ];
        foreach (var check in checks)
        {
            Say(check.Name, check.Shape, () =>
            {
                var (result, times) = (check.Run(draws), KernelTimes.Of(check));
                return (result.Passed, $"{Percent(result.Value)} | {Percent(result.Gradients.Max())} | {Milliseconds(times.Fused)} | {Milliseconds(times.Plain)} | "
                    + (result.Passed ? "ok" : $"differs by more than {Percent(check.Tolerance)}: "
                        + $"gradients {string.Join(", ", result.Gradients.Select(Percent))}"));
            });
        }

        DecodeCheck[] decoding = [.. DecodeCheck.All.Where(check => $"{DecodeCheck.Name} {check.Shape}".Contains(only, StringComparison.OrdinalIgnoreCase))];
        foreach (var check in decoding)
        {
            Say(DecodeCheck.Name, check.Shape, check.Run);
        }

        var count = checks.Length + decoding.Length;
        output.WriteLine(failed == 0 ? $"all {count} agree" : $"{failed} of {count} do not agree");
        return failed == 0 ? 0 : 1;

        void Say(string name, string shape, Func<(bool Passed, string Row)> run)
        {
            string row;
            try
            {
                (var passed, row) = run();
                failed += passed ? 0 : 1;
            }
            catch (Exception error)
            {
                failed++;
                row = $"| | | | {error.Message.ReplaceLineEndings(" ")}";
            }

            output.WriteLine($"| {name} | {shape} | {row} |");
        }
    }

    private static bool Found(TextWriter output)
    {
        if (!cuda.is_available())
        {
            output.WriteLine("torch finds no CUDA GPU here: nothing to run");
            return false;
        }

        output.WriteLine(CudaRuntime.UnavailableReason is { } reason
            ? $"no kernel can run here: {reason}"
            : $"{CudaRuntime.Card.Name}, {CudaRuntime.Card.Architecture}, NVRTC {CudaRuntime.Platform.Compiler.Version}, torch {typeof(TorchSharp.torch).Assembly.GetName().Version}");
        return CudaRuntime.UnavailableReason is null;
    }
}
