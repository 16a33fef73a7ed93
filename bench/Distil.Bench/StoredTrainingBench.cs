using System.CommandLine;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Schedules;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;
using static TorchSharp.torch;

namespace Distil.Bench;

/// <summary>Students trained from teacher outputs that are stored in several ways, with several seeds each: what the form costs.</summary>
internal static class StoredTrainingBench
{
    private const int Length = 256, Batch = 8;

    internal static Command Create()
    {
        var teacher = new Option<string>("--teacher") { Required = true };
        var train = new Option<string>("--train") { Required = true };
        var held = new Option<string>("--held") { Required = true };
        var rows = new Option<int>("--rows") { DefaultValueFactory = _ => 400 };
        var weight = new Option<double>("--alignment") { Description = "β, the weight of the alignment; 0 shows what it changes.", DefaultValueFactory = _ => 0.1 };
        var seeds = new Option<int>("--seeds") { DefaultValueFactory = _ => 3 };
        var keep = new Option<string[]>("--keep")
        {
            Description = "topP,maxTokens,tailDraws,hiddenForm: a row of the table.", AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => ["0.99,32,0,Fp16", "0.99,32,0,Int8", "0.99,32,0,Int4", "0.9999,128,0,Fp16", "0.98,32,16,Fp16"],
        };
        var command = new Command("stored", "Students trained from stored teacher outputs, by what is stored (CPU).") { teacher, train, held, rows, seeds, weight, keep };
        command.SetAction(parsed =>
        {
            using var model = TransformerModel.Load(parsed.GetRequiredValue(teacher), CPU);
            var tokenizer = HuggingFaceTokenizer.Load(parsed.GetRequiredValue(teacher));
            long[][] Rows(string path, int count) => [.. EvaluationRows.Of(path, new(() => tokenizer), model.VocabularySize, Length, _ => { })
                .Where(row => row.Length == Length).Take(count)];
            var (text, heldOut) = (Rows(parsed.GetRequiredValue(train), parsed.GetValue(rows)), Rows(parsed.GetRequiredValue(held), 64));
            Console.WriteLine($"{text.Length} rows of {Length} tokens, once; {parsed.GetValue(seeds)} seeds; β {parsed.GetValue(weight)}; D {model.HiddenSize}, V {model.VocabularySize}; {heldOut.Length} held-out rows");
            Console.WriteLine("| topP | maxTokens | tailDraws | hiddenForm | bytes a token | of them hidden state | CE | KL |");
            Console.WriteLine("|--:|--:|--:|---|--:|--:|--:|--:|");
            foreach (var setting in parsed.GetValue(keep)!)
            {
                var parts = setting.Split(',');
                var kept = new KeepSpec
                {
                    TopP = double.Parse(parts[0]), MaxTokens = int.Parse(parts[1]), TailDraws = int.Parse(parts[2]), HiddenForm = Enum.Parse<HiddenForm>(parts[3]),
                };
                Row(model, kept, text, heldOut, parsed.GetValue(seeds), parsed.GetValue(weight));
            }
        });
        return command;
    }

    private static void Row(TransformerModel teacher, KeepSpec keep, long[][] text, long[][] held, int seeds, double weight)
    {
        var path = Path.Combine(Path.GetTempPath(), $"distil-bench-{Environment.ProcessId}.bin");
        try
        {
            var settings = new ExtractionSettings { Keep = keep, InverseTemperatures = TemperatureNodes.Between(1, 2), MeanHidden = true };
            Store(teacher, settings, text, path);
            using var file = TeacherOutputsFile.Open(path);
            using var shard = new OpenShard(new OneShard(new(text.Length, null, path)));
            var targets = new StoredTargets(shard, settings, CPU);
            var scores = Enumerable.Range(1, seeds).Select(seed => Train(teacher, targets, text, held, seed, weight)).ToArray();
            Console.WriteLine($"| {keep.TopP} | {keep.MaxTokens} | {keep.TailDraws} | {keep.HiddenForm} | {file.SparseBytesPerToken + file.HiddenBytesPerToken:F1} "
                + $"| {file.HiddenBytesPerToken} | {Spread([.. scores.Select(score => score.CrossEntropy)])} | {Spread([.. scores.Select(score => score.Kl)])} |");
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Store(TransformerModel teacher, ExtractionSettings settings, long[][] text, string path)
    {
        using var writer = new TeacherOutputsWriter(path, TeacherOutputsHeader.For(settings, Length, teacher.VocabularySize, teacher.HiddenSize));
        var extractor = new TeacherExtractor(teacher, settings);
        foreach (var batch in text.Chunk(Batch))
        {
            using var targets = extractor.Extract(tensor([.. batch.SelectMany(row => row)], batch.Length, Length));
            writer.Append(targets);
        }

        writer.Complete();
    }

    private static (double CrossEntropy, double Kl) Train(TransformerModel teacher, StoredTargets targets, long[][] text, long[][] held, int seed, double weight)
    {
        using var student = XlstmModel.Create(
            StepBench.Student with { VocabularySize = teacher.VocabularySize, Width = teacher.HiddenSize, Blocks = 2, SlstmAt = [0] },
            teacher.HeadWeight, teacher.HeadWeight, seed, CPU);
        using var optimizer = new AdamW(student.TrainableParameters, new AdamWOptions());
        using var rows = new DeviceRows([.. text.SelectMany(row => row).Select(id => (int)id)], Length, CPU);
        var order = new RowOrder(seed, rows.RowsOfShards, Batch, accumulation: 1);
        var loop = new TrainingLoop(
            student, optimizer, LearningRateSchedule.WithRatio(2e-3, 0.1, order.StepsPerEpoch), rows, order, (new DeltaDistillation(new DistillationSpec { Alignment = new() { Weight = weight } }), targets),
            new TrainingLoopOptions { Seed = seed, TotalSteps = order.StepsPerEpoch, CheckpointEverySteps = int.MaxValue }, TimeProvider.System, _ => { });
        _ = loop.RunEpoch(0, TrainingPosition.Start, CancellationToken.None).Last();
        var result = new Evaluator(new() { BatchRows = Batch }).Evaluate(student, teacher, held);
        return (result.Student.CrossEntropy, result.Kl!.Value);
    }

    /// <summary>The mean with the standard deviation of the seeds.</summary>
    private static string Spread(double[] values) => values.Length == 1
        ? $"{values[0]:F5}"
        : $"{values.Average():F5} ± {Math.Sqrt(values.Sum(value => Math.Pow(value - values.Average(), 2)) / (values.Length - 1)):F5}";

    private sealed class OneShard(ShardCopy copy) : IShardFiles
    {
        public IReadOnlyList<long> RowsOfShards => [copy.Rows];

        public ShardCopy Take(int shard) => copy;

        public void EndWaits()
        {
        }
    }
}
