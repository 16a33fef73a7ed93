using Distil.Core.Specification;
using Distil.Inference.Models;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Quantization;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Steps;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Training.Quantization;

/// <summary>A small student that learns a text of random transitions.</summary>
[Collection(AloneCollection.Name)]
public sealed class QuantizedTrainingTests : IDisposable
{
    private const int Vocabulary = 64, Length = 32;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_student_that_trains_for_int4_loses_less_in_int4_than_one_that_does_not()
    {
        var start = Path.Combine(_folder.FullName, "start");
        var config = new XlstmConfig
        {
            VocabularySize = Vocabulary, ContextLength = Length, Blocks = 2, Width = 64, SlstmAt = [0], MlstmHeads = 2, SlstmHeads = 2, FeedForwardProjFactor = 2,
        };
        using (var generator = new Generator(1, CPU))
        using (var embedding = randn([Vocabulary, 64], generator: generator))
        using (var head = randn([Vocabulary, 64], generator: generator) / 8)
        using (var student = XlstmModel.Create(config, embedding, head, seed: 1, CPU))
        {
            Train(student, steps: 150, rate: 5e-3, from: 0, rounding: null);
            student.Save(start);
        }

        var (plain, plainCost) = Continued(start, isQuantized: false);
        var (quantized, cost) = Continued(start, isQuantized: true);
        // Two trainings end at different weights, by some tenths of a percent either way: what int4 costs each is compared.
        Assert.True(cost < plainCost / 2 && quantized < plain + plainCost / 2, $"int4: {quantized} (+{cost}) after training for it, {plain} (+{plainCost}) otherwise");
    }

    /// <summary>Trains on, and measures the cross-entropy in int4 and how much it is above that of the exact weights.</summary>
    private (double InInt4, double Cost) Continued(string start, bool isQuantized)
    {
        using var student = XlstmModel.Load(start, CPU);
        var rounding = WeightRounding.Of(student, WeightForm.Int4, Path.Combine(_folder.FullName, "copy"));
        using var exact = XlstmModel.Load(start, CPU);
        if (isQuantized)
        {
            rounding.RoundFrozen();
        }

        Train(student, steps: 80, rate: 2e-3, from: 150, isQuantized ? rounding : null);
        foreach (var (own, trained) in exact.TrainableParameters.Zip(student.TrainableParameters))
        {
            using var unused = no_grad();
            own.Value.copy_(trained.Value);
        }

        WeightRounding.Of(student, WeightForm.Int4, Path.Combine(_folder.FullName, "copy")).RoundAll();
        var rows = Enumerable.Range(0, 32).Select(row => new EvaluationRow(Row(1_000_000 + row))).ToArray();
        double Loss(XlstmModel model) => new Evaluator(new()).Evaluate(model, null, rows).Student.CrossEntropy;
        var inInt4 = Loss(student);
        return (inInt4, inInt4 - Loss(exact));
    }

    private static void Train(XlstmModel student, int steps, double rate, int from, WeightRounding? rounding)
    {
        using var optimizer = new AdamW(student.TrainableParameters, new AdamWOptions());
        var training = new TrainingStep(student, optimizer, distillation: null, 1, rounding: rounding);
        for (var step = from; step < from + steps; step++)
        {
            using var scope = NewDisposeScope();
            var ids = tensor(Enumerable.Range(0, 8).SelectMany(row => Row(step * 8 + row)).ToArray()).view(8, Length);
            using var batch = new StepBatch([(new TokenBatch(ids, null, 8, 8 * Length, 8 * (Length - 1)), null)]);
            training.Run(batch, new(0, 1, 0), rate);
        }
    }

    // After a token comes one of two, which depend on the token before it too.
    private static long[] Row(int seed)
    {
        var random = new Random(seed);
        var row = new long[Length];
        for (var i = 0; i < Length; i++)
        {
            row[i] = i < 2 ? random.Next(Vocabulary) : (5 * row[i - 1] + 3 * row[i - 2] + (random.NextDouble() < 0.9 ? 7 : 20)) % Vocabulary;
        }

        return row;
    }
}
