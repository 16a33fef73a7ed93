using System.CommandLine;
using Distil.Trainer.Kernels;

namespace Distil.Bench.Gpu;

/// <summary><c>profile</c>: how the time of a training step divides.</summary>
internal static class ProfileCommand
{
    internal static Command Create()
    {
        var batch = new Option<int>("--batch") { Description = "Rows.", DefaultValueFactory = _ => 8 };
        var length = new Option<int>("--length") { Description = "Tokens in a row.", DefaultValueFactory = _ => 512 };
        var blocks = new Option<int>("--blocks") { Description = "Blocks; sLSTM at the even ones.", DefaultValueFactory = _ => 6 };
        var only = new Option<int>("--steps")
        {
            Description = "Run so many whole steps and nothing else, for a profiler; 0 times the parts.",
            DefaultValueFactory = _ => 0,
        };
        var autograd = new Option<bool>("--autograd")
        {
            Description = "Use torch's autograd for the backward pass through the blocks instead of this project's own, to compare.",
        };
        var command = new Command("profile", "Time a training step of the paper's student on this GPU, whole and by parts, with random weights and targets.")
        {
            batch, length, blocks, only, autograd,
        };
        command.SetAction(
            parsed => Run(new(parsed.GetValue(batch), parsed.GetValue(length), parsed.GetValue(blocks), parsed.GetValue(only), parsed.GetValue(autograd))));
        return command;
    }

    private static int Run(StepProfile profile)
    {
        if (CudaRuntime.UnavailableReason is { } reason)
        {
            Console.Error.WriteLine($"error: nothing to measure: {reason}");
            return 1;
        }

        foreach (var line in profile.Lines())
        {
            Console.WriteLine(line);
        }

        return 0;
    }
}
