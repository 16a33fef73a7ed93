using System.CommandLine;
using System.Globalization;
using Distil.Core.Specification;
using Distil.Trainer.Torch;

namespace Distil.Bench.Gpu;

/// <summary><c>curve</c>: measures the held-out loss over training, for a precision on a device.</summary>
internal static class CurveCommand
{
    internal static Command Create()
    {
        var teacher = new Option<string>("--teacher") { Required = true, Description = "Folder of a teacher with its tokenizer." };
        var train = new Option<string>("--train") { Required = true, Description = "Text to distil on, one document per line." };
        var held = new Option<string>("--eval") { Required = true, Description = "Held-out text." };
        var device = new Option<ComputeDevice>("--device") { Description = "auto (CUDA if present), cpu or cuda." };
        var precision = new Option<Precision>("--precision") { Description = "Precision in which the student computes: fp32 (default) or bf16." };
        var steps = new Option<int>("--steps") { Description = "Optimiser steps.", DefaultValueFactory = _ => 2000 };
        var every = new Option<int>("--every") { Description = "Steps between evaluations.", DefaultValueFactory = _ => 500 };
        var command = new Command("curve", "Distil the demo's student and print how its held-out loss falls, to compare precisions and devices.")
        {
            teacher, train, held, device, precision, steps, every,
        };
        command.SetAction(parsed => new PrecisionCurve(
            parsed.GetRequiredValue(teacher), parsed.GetRequiredValue(train), parsed.GetRequiredValue(held),
            TorchDevice.Of(parsed.GetValue(device)), parsed.GetValue(precision)).Run(
            parsed.GetValue(steps), parsed.GetValue(every), (step, loss) => Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"{step,6} {loss:0.00000}"))));
        return command;
    }
}
