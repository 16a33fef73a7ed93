using System.Diagnostics;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Documents;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Torch;
using Distil.Trainer.Training;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Schedules;
using static TorchSharp.torch;

namespace Distil.Trainer.Pretraining;

/// <summary>Trains a small teacher from scratch with the distillation's own loop, without a teacher, and writes it as a Hugging Face folder.</summary>
public sealed class Pretrainer(PretrainSettings settings, TimeProvider time)
{
    private const int MetricsEverySteps = 10;

    /// <summary>Trains, saves, and evaluates what was saved.</summary>
    /// <param name="command">The command, for the record.</param>
    /// <param name="onStep">Receives each step's metrics.</param>
    /// <param name="cancel">Ends the training between steps; nothing is written then.</param>
    /// <exception cref="InvalidInputException">A setting or a file cannot be used.</exception>
    public PretrainResult Run(string command, Action<StepMetrics> onStep, CancellationToken cancel)
    {
        Check();
        var device = TorchDevice.Of(settings.Device);
        using var precision = new MatrixPrecisionScope(allowTf32: settings.Precision == MatrixPrecision.Tf32);
        var tokenizer = HuggingFaceTokenizer.Load(settings.Tokenizer);
        var (train, held) = (TextTokens.Read(settings.Train, tokenizer), TextTokens.Read(settings.Eval, tokenizer));

        using var model = TransformerModel.Create(Config(tokenizer), settings.Seed, device);
        var losses = new Queue<double>();
        var watch = Stopwatch.StartNew();
        var epochs = Train(model, train, step => { Remember(losses, step.CrossEntropy!.Value); onStep(step); }, cancel);
        var seconds = watch.Elapsed.TotalSeconds;

        using var folder = new NewFolder(settings.Output);
        model.Save(folder.Path, settings.SaveDtype == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32);
        var tokenizerFile = Directory.Exists(settings.Tokenizer) ? Path.Combine(settings.Tokenizer, "tokenizer.json") : settings.Tokenizer;
        File.Copy(tokenizerFile, Path.Combine(folder.Path, "tokenizer.json"));

        var score = Evaluate(folder.Path, held, device, cancel);
        var result = new PretrainResult
        {
            Command = command,
            Parameters = model.TrainableParameters.Sum(parameter => parameter.Value.numel()),
            TrainTokens = train.Length,
            EvalTokens = score.Tokens,
            Steps = settings.Steps,
            Epochs = epochs,
            TrainCrossEntropy = losses.Average(),
            EvalCrossEntropy = score.Student.CrossEntropy,
            EvalPerplexity = score.Student.Perplexity,
            Seconds = Math.Round(seconds, 1),
            Device = device.type.ToString().ToLowerInvariant(),
        };
        File.WriteAllText(Path.Combine(folder.Path, "training.json"), JsonSerializer.Serialize(result, DistilJson.Indented));
        folder.Complete();
        return result;
    }

    private double Train(TransformerModel model, int[] ids, Action<StepMetrics> onStep, CancellationToken cancel)
    {
        using var rows = new DeviceRows(ids, settings.Context, model.Device);
        using var optimizer = new AdamW(model.TrainableParameters, new AdamWOptions { WeightDecay = settings.WeightDecay, Beta1 = 0.9, Beta2 = 0.95 });
        var order = new RowOrder(settings.Seed, rows.RowsOfShards, settings.Batch, accumulation: 1);
        var loop = new TrainingLoop(
            model, optimizer, new LearningRateSchedule(settings.LearningRate, settings.Warmup, settings.Steps), rows, order, teaching: null,
            new TrainingLoopOptions
            {
                Seed = settings.Seed,
                TotalSteps = settings.Steps,
                CheckpointEverySteps = int.MaxValue,
                MetricsEverySteps = MetricsEverySteps,
            },
            time, onStep);

        var position = TrainingPosition.Start;
        for (var epoch = 0; position.GlobalStep < settings.Steps; epoch++)
        {
            position = loop.RunEpoch(epoch, position, cancel).Last();
        }
        return position.GlobalStep / (double)order.StepsPerEpoch;
    }

    /// <summary>Evaluates the weights as written, including their rounding.</summary>
    private EvaluationResult Evaluate(string folder, int[] ids, Device device, CancellationToken cancel)
    {
        using var model = TransformerModel.Load(folder, device);
        var rows = ids.Chunk(settings.Context).Select(row => Array.ConvertAll(row, id => (long)id));
        return new Evaluator(new EvaluationOptions { BatchRows = settings.Batch }).Evaluate(model, teacher: null, rows, cancel: cancel);
    }

    private TransformerConfig Config(HuggingFaceTokenizer tokenizer) => new()
    {
        Family = TransformerFamily.Qwen2,
        VocabularySize = tokenizer.VocabularySize,
        HiddenSize = settings.Hidden,
        IntermediateSize = settings.Intermediate,
        Layers = settings.Layers,
        Heads = settings.Heads,
        KeyValueHeads = settings.KeyValueHeads,
        HeadSize = settings.Hidden / settings.Heads,
        MaxPositions = settings.Context,
        TiedHead = true,
        QueryKeyValueBias = true,
    };

    private void Check()
    {
        Require(settings.Steps >= 1, "--steps", settings.Steps, "at least 1");
        Require(settings.Batch >= 1, "--batch", settings.Batch, "at least 1");
        Require(settings.Context >= 8, "--context", settings.Context, "at least 8");
        Require(settings.Layers >= 1, "--layers", settings.Layers, "at least 1");
        Require(settings.Intermediate >= 1, "--intermediate", settings.Intermediate, "at least 1");
        Require(
            settings.Heads >= 1 && settings.Hidden % (2 * settings.Heads) == 0, "--hidden", settings.Hidden, $"a multiple of twice --heads {settings.Heads}");
        Require(
            settings.KeyValueHeads >= 1 && settings.Heads % settings.KeyValueHeads == 0, "--kv-heads", settings.KeyValueHeads,
            $"a divisor of --heads {settings.Heads}");
        Require(settings.LearningRate > 0, "--learning-rate", settings.LearningRate, "more than 0");
        Require(settings.WeightDecay >= 0, "--weight-decay", settings.WeightDecay, "at least 0");
        Require(settings.Warmup >= 0, "--warmup", settings.Warmup, "at least 0");
        if (Directory.Exists(settings.Output) && Directory.EnumerateFileSystemEntries(settings.Output).Any())
        {
            throw new InvalidInputException($"--output {settings.Output}: the folder is not empty; give a new one");
        }
    }

    private static void Require(bool holds, string option, IFormattable value, string expected)
    {
        if (!holds)
        {
            throw new InvalidInputException($"{option} is {value.ToString(null, System.Globalization.CultureInfo.InvariantCulture)}; expected {expected}");
        }
    }

    private static void Remember(Queue<double> losses, double loss)
    {
        losses.Enqueue(loss);
        if (losses.Count > 100)
        {
            losses.Dequeue();
        }
    }
}
