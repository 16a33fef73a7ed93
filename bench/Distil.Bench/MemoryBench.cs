using System.CommandLine;
using Distil.Core.Specification;
using Distil.Inference.Models;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Schedules;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;
using static TorchSharp.torch;

namespace Distil.Bench;

/// <summary>What training retains: tensors and bytes outside the managed heap, over the steps of one process.</summary>
internal static class MemoryBench
{
    private const int Steps = 1000, Between = 100, Rows = 4, Length = 64;

    internal static Command Create()
    {
        var teacher = new Option<string>("--teacher")
        {
            Description = "Folder of the teacher.",
            DefaultValueFactory = _ => Path.Combine("samples", "stories", "teacher"),
        };
        var command = new Command("memory", $"Tensors and bytes that {Steps} training steps retain (CPU).") { teacher };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(teacher)));
        return command;
    }

    private static void Run(string folder)
    {
        using var teacher = TransformerModel.Load(folder, CPU);
        using var student = XlstmModel.Create(
            new XlstmConfig
            {
                VocabularySize = teacher.VocabularySize,
                ContextLength = Length,
                Blocks = 2,
                Width = teacher.HiddenSize,
                SlstmAt = [0],
                QkvBlockSize = 4,
                FeedForwardProjFactor = 1.7,
            },
            teacher.HeadWeight, teacher.HeadWeight, 1, CPU);
        using var optimizer = new AdamW(student.TrainableParameters, new AdamWOptions());
        var random = new Random(1);
        int[] ids = [.. Enumerable.Range(0, 64 * Length).Select(_ => random.Next(teacher.VocabularySize))];
        using var rows = new DeviceRows(ids, Length, CPU);
        var spec = new DistillationSpec();
        var settings = new ExtractionSettings { InverseTemperatures = TemperatureNodes.Between(spec.Temperature.To, spec.Temperature.From), MeanHidden = true };
        var order = new RowOrder(seed: 1, rows.RowsOfShards, Rows, accumulation: 1);
        Console.WriteLine($"{Steps} steps of {Rows} × {Length} tokens, V {teacher.VocabularySize}, D {teacher.HiddenSize}, 2 blocks, online teacher");
        Console.WriteLine("| step | tensors | bytes outside the managed heap |");
        Console.WriteLine("|--:|--:|--:|");
        var steps = 0;
        var loop = new TrainingLoop(
            student, optimizer, new LearningRateSchedule(1e-4, 1, Steps), rows, order,
            (new DeltaDistillation(spec), new OnlineTargets(teacher, settings, layers: false)),
            new TrainingLoopOptions { Seed = 1, TotalSteps = Steps, CheckpointEverySteps = int.MaxValue }, TimeProvider.System, _ =>
            {
                if (++steps % Between == 0 && steps <= Steps)
                {
                    Print(steps);
                }
            });
        for (var epoch = 0; steps < Steps; epoch++)
        {
            _ = loop.RunEpoch(epoch, new(epoch, 0, epoch * order.StepsPerEpoch), CancellationToken.None).Last();
        }
    }

    private static void Print(int step)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Console.WriteLine($"| {step:N0} | {Tensor.TotalCount} | {(AllocatedMemory.IsKnown ? $"{AllocatedMemory.Bytes:N0}" : "unknown")} |");
    }
}
