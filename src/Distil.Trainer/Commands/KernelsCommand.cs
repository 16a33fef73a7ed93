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
        var check = new Command("check", "Run every CUDA kernel against plain tensor operations, values and gradients; exit code 1 if one differs.");
        var only = new Option<string>("--only") { Description = "Only kernels and shapes whose row contains this text.", DefaultValueFactory = _ => "" };
        var draws = new Option<int>("--draws")
        {
            Description = "Run each check with this many random inputs; if it fails, the share of failures and each gradient's median tell a draw that cancels from a wrong kernel.",
            DefaultValueFactory = _ => 1,
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
            string row;
            try
            {
                CheckResult[] results = [.. Enumerable.Range(0, draws).Select(_ => check.Run())];
                var (worst, wrong) = (results.MaxBy(result => result.Gradients.Max())!, results.Count(result => !result.Passed));
                failed += wrong == 0 ? 0 : 1;
                row = $"{Percent(results.Max(result => result.Value))} | {Percent(worst.Gradients.Max())} | {Milliseconds(worst.FusedMilliseconds)} | "
                    + $"{Milliseconds(worst.PlainMilliseconds)} | "
                    + (wrong == 0 ? "ok" : $"{wrong} of {draws} draws differ by more than {Percent(check.Tolerance)}: "
                        + $"gradients of the worst {string.Join(", ", worst.Gradients.Select(Percent))}; medians {string.Join(", ", Medians(results).Select(Percent))}");
            }
            catch (Exception error)
            {
                failed++;
                row = $"| | | | {error.Message.ReplaceLineEndings(" ")}";
            }

            output.WriteLine($"| {check.Name} | {check.Shape} | {row} |");
        }

        output.WriteLine(failed == 0 ? $"all {checks.Length} agree" : $"{failed} of {checks.Length} do not agree");
        return failed == 0 ? 0 : 1;
    }

    /// <summary>The median difference of each input's gradient.</summary>
    private static IEnumerable<double> Medians(CheckResult[] results) =>
        Enumerable.Range(0, results[0].Gradients.Count).Select(input => results.Select(result => result.Gradients[input]).Order().ElementAt(results.Length / 2));

    private static bool Found(TextWriter output)
    {
        if (!cuda.is_available())
        {
            output.WriteLine("torch finds no CUDA GPU here: nothing to run");
            return false;
        }

        output.WriteLine(CudaRuntime.UnavailableReason is { } reason
            ? $"no kernel can run here: {reason}"
            : $"{CudaRuntime.Card.Name}, {CudaRuntime.Card.Architecture}, NVRTC {CudaRuntime.Compiler.Version}, torch {typeof(TorchSharp.torch).Assembly.GetName().Version}");
        return CudaRuntime.UnavailableReason is null;
    }
}
