using System.CommandLine;
using Distil.Core.Specification;
using Distil.Inference.Models;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Torch;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;
using static TorchSharp.torch;

namespace Distil.Bench;

/// <summary>A training step of the demo's student: compares the C# kernels and chunked logits with plain tensor operations over whole logits.</summary>
internal static class StepBench
{
    internal const int Rows = 8, Length = 256;
    private const int Vocabulary = 1024, Width = 128, Kept = 64;

    internal static XlstmConfig Student => new()
    {
        VocabularySize = Vocabulary,
        ContextLength = Length,
        Blocks = 4,
        Width = Width,
        SlstmAt = [0, 2],
        QkvBlockSize = 16,
        FeedForwardProjFactor = 1.7,
        TieWeights = true,
    };

    internal static Command Create()
    {
        var command = new Command("step", "A training step of the demo's student: kernels against plain tensor operations (CPU).");
        command.SetAction(_ => Run());
        return command;
    }

    private static void Run()
    {
        using var scope = NewDisposeScope();
        var embedding = randn(Vocabulary, Width) * 0.1;
        var distillation = new DeltaDistillation(new DistillationSpec());
        using var batch = Batch();
        var step = 0L;
        double Time(Backend backend, int chunk)
        {
            using var model = XlstmModel.Create(Student, embedding, embedding, 1, CPU, backend);
            using var optimizer = new AdamW(model.TrainableParameters, new());
            var training = new TrainingStep(model, optimizer, distillation, 1.0, chunk);
            return Stopwatches.Median(
                () =>
                {
                    using var pause = NoGcRegion.Begin();
                    training.Run(batch, distillation.At(0, step++), 1e-4);
                },
                9, 3);
        }

        var (plain, fused) = (Time(Backend.Plain(CPU), Rows * Length), Time(Backend.For(CPU), 512));
        Console.WriteLine($"CPU, {Environment.ProcessorCount} threads, float32; medians of 9 steps of {Rows} × {Length} tokens, V {Vocabulary}, D {Width}, 4 blocks, milliseconds");
        Console.WriteLine("| plain operations, whole logits | kernels, 512 positions' logits | times |");
        Console.WriteLine("|--:|--:|--:|");
        Console.WriteLine($"| {plain:F1} | {fused:F1} | {plain / fused:F1} |");
        foreach (var kernel in Kernel.All.Where(kernel => kernel.Form == Form.Cpu))
        {
            // Right after one another: a process's first steps are slower than its later ones.
            var (without, all) = (Time(Backend.For(CPU).Without(kernel.Operation), 512), Time(Backend.For(CPU), 512));
            Console.WriteLine($"| {without:F1} (only without the kernel of {kernel.Operation.Name}) | {all:F1} | {without / all:F1} |");
        }
    }

    internal static StepBatch Batch()
    {
        const long positions = Rows * Length;
        using var scope = NewDisposeScope();
        var logs = nn.functional.log_softmax(randn(positions, Vocabulary) * 3, -1).sort(-1, descending: true).Values;
        double[] nodes = [.. TemperatureNodes.Between(1, 2)];
        var tail = stack(nodes.Select(node => (logs.narrow(1, Kept, Vocabulary - Kept) * node).logsumexp(-1)), -1);
        Tensor Own(Tensor tensor) => tensor.DetachFromDisposeScope();
        var targets = new TeacherTargets(
            Own(rand(positions, Vocabulary).argsort(-1).narrow(1, 0, Kept).contiguous()), Own(logs.narrow(1, 0, Kept).contiguous()),
            Own(tail), nodes, Own(randn(Rows, Length, Width)));
        return new([(new TokenBatch(Own(randint(Vocabulary, [Rows, Length], ScalarType.Int64)), null, Rows, positions, positions - Rows),
            new BatchTargets(targets, null))]);
    }
}
