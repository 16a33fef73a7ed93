using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Torch;
using Distil.Trainer.Training;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Stages;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary><c>linearised</c>: trains linearised students of a teacher on rows of tokens and prints how close they come, a JSON line each.</summary>
internal static class LinearisedCommand
{
    private const int Batch = 32, Epochs = 4;

    private static readonly (string Name, StudentSpec Student, double Rate, double Dropout)[] Configurations =
    [
        ("W 0 output gate", new() { Window = 0, OutputGate = true }, 3e-3, 0),
        ("W 0", new() { Window = 0, OutputGate = false }, 3e-3, 0),
        ("W 64", new() { Window = 64, OutputGate = false }, 1e-3, 0),
        ("W 64 window left out 0.9", new() { Window = 64, OutputGate = false }, 1e-3, 0.9),
    ];

    internal static Command Create()
    {
        var data = new Argument<string>("data") { Description = "Folder with teacher/, train.jsonl and eval.jsonl: rows of one length, {\"ids\": […]} each." };
        var device = new Option<ComputeDevice>("--device") { Description = "auto (CUDA if present), cpu or cuda." };
        var configurations = new Option<int>("--configurations")
        {
            Description = $"How many of the {Configurations.Length} configurations.", DefaultValueFactory = _ => Configurations.Length,
        };
        var dense = new Option<bool>("--dense") { Description = "Train on the teacher's whole distributions instead of their stored form." };
        var command = new Command("linearised", "Train linearised students on real text and print their held-out loss, KL and agreement.")
        {
            data, device, configurations, dense,
        };
        command.SetAction(parsed =>
        {
            var (folder, place) = (parsed.GetRequiredValue(data), TorchDevice.Of(parsed.GetValue(device)));
            var (train, held) = (ReadRows(Path.Combine(folder, "train.jsonl")), ReadRows(Path.Combine(folder, "eval.jsonl")));
            foreach (var (name, student, rate, dropout) in Configurations.Take(parsed.GetValue(configurations)))
            {
                Run(name, student, (rate, dropout), Path.Combine(folder, "teacher"), train, held, place, parsed.GetValue(dense));
            }
        });
        return command;
    }

    private static void Run(
        string name, StudentSpec spec, (double Rate, double Dropout) stage, string teacherFolder, long[][] train, long[][] held, Device device, bool dense)
    {
        var began = Stopwatch.GetTimestamp();
        var length = train[0].Length;
        using var teacher = TransformerModel.Load(teacherFolder, device);
        var shape = LinearisedShape.Of(spec with { Kind = StudentKind.Linearised }, teacher.Config, length);
        using var student = LinearisedModel.Create(shape, teacherFolder, spec.Gates, trainEmbedding: false, device);
        using var rows = new DeviceRows([.. train.Take(train.Length / Batch * Batch).SelectMany(row => row).Select(id => (int)id)], length, device);
        var order = new RowOrder(1, rows.RowsOfShards, Batch, accumulation: 1);
        var total = Epochs * order.StepsPerEpoch;
        var distillation = new DistillationSpec
        {
            Alpha = new() { From = 0.9, To = 0.9 }, Temperature = new() { From = 1, To = 1 }, Alignment = new() { Kind = AlignmentKind.None },
        };
        var keep = dense ? new KeepSpec { TopP = 1, MaxTokens = teacher.VocabularySize } : new KeepSpec();
        var targets = new OnlineTargets(teacher, new() { Keep = keep, InverseTemperatures = TemperatureNodes.Between(1, 1) }, layers: false);
        var training = new TrainingSpec
        {
            Stages = new() { Distillation = new() { InheritedRate = stage.Rate, NewRate = stage.Rate, EndRate = 0, WindowDropout = stage.Dropout } },
        };
        using var stages = LinearisedStages.Of(student, training, seed: 1, total, (new DeltaDistillation(distillation), targets.Sizes));
        var loop = new TrainingLoop(
            stages, rows, order, targets,
            new() { Seed = 1, TotalSteps = total, CheckpointEverySteps = int.MaxValue, MetricsEverySteps = 50 }, TimeProvider.System, _ => { });
        var position = TrainingPosition.Start;
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            position = loop.RunEpoch(epoch, position, CancellationToken.None).Last();
        }

        var trained = Stopwatch.GetElapsedTime(began).TotalSeconds;
        object Score(Branch branch)
        {
            student.Branch = branch;
            var result = new Evaluator(new EvaluationOptions { BatchRows = Batch }).Evaluate(student, teacher, held);
            return new { ce = Math.Round(result.Student.CrossEntropy, 4), kl = Math.Round(result.Kl!.Value, 4), agreement = Math.Round(result.Top1Agreement!.Value, 4),
                teacher_ce = Math.Round(result.Teacher!.CrossEntropy, 4) };
        }

        Figure.Say($"linearised {name}", new
        {
            end = Score(Branch.Both), window = spec.Window > 0 ? Score(Branch.Window) : "none", memory = spec.Window > 0 ? Score(Branch.Memory) : "none",
            steps = position.GlobalStep, s = Math.Round(trained, 1),
        });
    }

    private static long[][] ReadRows(string path) =>
        [.. File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt64()).ToArray())];
}
