using System.CommandLine;
using Distil.Inference.Models;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.Models.Xlstm.MLstm.Cell;
using static TorchSharp.torch;

namespace Distil.Bench;

/// <summary>The training forms of the mLSTM, by length, and a whole student with them.</summary>
internal static class MLstmBench
{
    internal static Command Create()
    {
        var command = new Command("mlstm", "mLSTM cell, forward and backward: parallel against chunkwise; and a small student's pass (CPU).");
        command.SetAction(_ => Run());
        return command;
    }

    private static void Run()
    {
        Console.WriteLine($"CPU, {Environment.ProcessorCount} threads, B 16, 4 heads, float32; forward + backward, medians of 5, milliseconds");
        Console.WriteLine("|   S | DH | parallel | chunks of 32 | of 64 | of 128 |");
        Console.WriteLine("|----:|---:|---------:|-------------:|------:|-------:|");
        foreach (var (length, size) in new[] { (64, 64), (128, 64), (256, 64), (256, 96) })
        {
            using var scope = NewDisposeScope();
            Tensor[] x = [.. Enumerable.Range(0, 3).Select(_ => randn(16, 4, length, size)), randn(16, 4, length), randn(16, 4, length) + 4];
            foreach (var input in x)
            {
                input.requires_grad = true;
            }
            double Chunks(int chunk) => Stopwatches.Training(() => MLstmChunkwise.Forward(x[0], x[1], x[2], x[3], x[4], chunk), x, 5, 2);
            var parallel = Stopwatches.Training(() => MLstmParallel.Forward(x[0], x[1], x[2], x[3], x[4]), x, 5, 2);
            Console.WriteLine($"| {length,3} | {size} | {parallel,8:F1} | {Chunks(32),12:F1} | {Chunks(64),5:F1} | {Chunks(128),6:F1} |");
        }

        using var outer = NewDisposeScope();
        var config = new XlstmConfig
        {
            VocabularySize = 2048, ContextLength = 256, Blocks = 4, Width = 128, SlstmAt = [0, 2], QkvBlockSize = 32, FeedForwardProjFactor = 1.7,
        };
        var embedding = randn(2048, 128);
        using var model = XlstmModel.Create(config, embedding, embedding, 1, CPU);
        var ids = randint(0, 2048, [16, 256], ScalarType.Int64);
        Tensor[] weights = [.. model.TrainableParameters.Select(parameter => parameter.Value)];
        Console.WriteLine(
            $"student D 128, 4 blocks, 16 × 256 tokens: {Stopwatches.Training(() => model.Forward(ids), weights, 5, 2):F0} ms forward + backward, no head");
    }
}
