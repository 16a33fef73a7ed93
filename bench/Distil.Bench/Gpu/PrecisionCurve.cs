using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Inference.Models;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.Pretraining;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Schedules;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>
/// Distils the demo's student (4 blocks, 256 positions) from a teacher in memory and reports its held-out loss, to compare devices and precisions.
/// </summary>
/// <param name="teacher">Folder of the teacher, with its tokenizer.</param>
/// <param name="train">Text, one document per line.</param>
/// <param name="held">Held-out text.</param>
/// <param name="device">The device.</param>
/// <param name="precision">Precision of the student's arithmetic; the teacher's is float32.</param>
internal sealed class PrecisionCurve(string teacher, string train, string held, Device device, Precision precision)
{
    private const int Context = 256, Rows = 8, EvaluatedRows = 128;

    /// <summary>Trains the student; the learning rate falls over all <paramref name="steps"/>.</summary>
    /// <param name="steps">Optimiser steps.</param>
    /// <param name="every">Steps between evaluations.</param>
    /// <param name="onLoss">Receives a step's number and the held-out cross-entropy after it, in nats.</param>
    internal void Run(int steps, int every, Action<long, double> onLoss)
    {
        var tokenizer = HuggingFaceTokenizer.Load(teacher);
        using var teaching = TransformerModel.Load(teacher, device);
        using var student = Student();
        using var optimizer = new AdamW(student.TrainableParameters, new());
        if (precision == Precision.Bf16)
        {
            student.UseBFloat16();
        }

        using var rows = new DeviceRows(TextTokens.Read(train, tokenizer), Context, device);
        var evaluated = TextTokens.Read(held, tokenizer).Chunk(Context).Take(EvaluatedRows).Select(row => Array.ConvertAll(row, id => (long)id)).ToArray();
        var order = new RowOrder(1, rows.RowsOfShards, Rows, accumulation: 1);
        var settings = new ExtractionSettings { InverseTemperatures = TemperatureNodes.Between(1, 2), MeanHidden = true };
        var position = TrainingPosition.Start;
        for (var until = every; position.GlobalStep < steps; until += every)
        {
            // Ends at the next evaluation: each time a new loop runs, with the same optimiser and schedule.
            var loop = new TrainingLoop(
                student, optimizer, LearningRateSchedule.WithRatio(2e-3, 0.1, steps), rows, order,
                (new DeltaDistillation(new DistillationSpec()), new OnlineTargets(teaching, settings, layers: false)),
                new TrainingLoopOptions { Seed = 1, TotalSteps = Math.Min(until, steps), CheckpointEverySteps = int.MaxValue, MetricsEverySteps = 50 },
                TimeProvider.System, _ => { });
            while (position.GlobalStep < Math.Min(until, steps))
            {
                var epoch = (int)(position.GlobalStep / order.StepsPerEpoch);
                position = loop.RunEpoch(epoch, position, CancellationToken.None).Last();
            }

            onLoss(position.GlobalStep, new Evaluator(new EvaluationOptions()).Evaluate(student, null, evaluated).Student.CrossEntropy);
        }
    }

    private XlstmModel Student()
    {
        using var frozen = EmbeddingAndHead.Read(teacher);
        var config = new XlstmConfig
        {
            VocabularySize = (int)frozen.Embedding.shape[0], ContextLength = Context, Blocks = 4, Width = (int)frozen.Embedding.shape[1], SlstmAt = [0, 2],
            QkvBlockSize = 16, FeedForwardProjFactor = 1.7, TieWeights = true,
        };
        return XlstmModel.Create(config, frozen.Embedding, frozen.Head, 1, device);
    }
}
