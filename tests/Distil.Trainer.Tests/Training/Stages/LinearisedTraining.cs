using Distil.Core.Documents;
using Distil.Core.Specification;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Tests.Models.Linearised;
using Distil.Trainer.Training;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Stages;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Training.Stages;

/// <summary>A linearised student of a golden teacher, trained for two epochs of five steps, the first half of them in the alignment's stage.</summary>
internal sealed class LinearisedTraining : IDisposable
{
    private const string Golden = "qwen2-tiny";

    private readonly TransformerModel _teacher = TransformerModel.Load($"Golden/{Golden}", CPU);
    private readonly RowOrder _order;
    private readonly TrainingLoop _loop;

    internal LinearisedTraining(int batchSize = 4, int accumulation = 1, double dropout = 0.5, double alignment = 0.5, int window = 4, long padding = 0,
        bool masked = false)
    {
        Model = LinearisedModel.Create(Students.ShapeOf(Golden, window), $"Golden/{Golden}", Students.Start, trainEmbedding: false, CPU);
        var rows = new TinyRows([12, 8], contextLength: 12, vocabulary: Model.VocabularySize, padding, masked);
        _order = new RowOrder(seed: 1, rows.RowsOfShards, batchSize, accumulation);
        var distillation = new DistillationSpec
        {
            Alpha = new() { From = 0.9, To = 0.9 }, Temperature = new() { From = 1, To = 1 }, Alignment = new() { Kind = AlignmentKind.None },
        };
        var settings = new ExtractionSettings { InverseTemperatures = TemperatureNodes.Between(distillation.Temperature.To, distillation.Temperature.From), MeanHidden = false };
        var (loss, targets) = (new DeltaDistillation(distillation), new OnlineTargets(_teacher, settings, layers: false));
        var training = new TrainingSpec
        {
            Stages = new() { Alignment = new() { Share = alignment }, Distillation = new() { NewRate = 5e-3, InheritedRate = 1e-3, WindowDropout = dropout } },
        };
        var total = 2 * _order.StepsPerEpoch;
        Stages = LinearisedStages.Of(Model, training, seed: 1, total, (loss, targets.Sizes));
        _loop = new TrainingLoop(
            Stages, rows, _order, targets, new TrainingLoopOptions { Seed = 1, TotalSteps = total, CheckpointEverySteps = 1 }, TimeProvider.System, Steps.Add);
    }

    internal LinearisedModel Model { get; }

    internal TrainingStages Stages { get; }

    internal List<StepMetrics> Steps { get; } = [];

    /// <summary>The trained weights' bytes.</summary>
    internal byte[] Bytes => [.. Model.TrainableParameters.SelectMany(parameter => parameter.Value.detach().bytes.ToArray())];

    /// <summary>Trains from a position to the end, with a checkpoint after each step if a folder is given.</summary>
    internal void Run(TrainingPosition from, string? saveTo = null, long until = long.MaxValue)
    {
        for (var epoch = 0; epoch < 2; epoch++)
        {
            if (from.Epoch > epoch)
            {
                continue;
            }

            foreach (var at in _loop.RunEpoch(epoch, from, CancellationToken.None))
            {
                if (saveTo is not null)
                {
                    CheckpointFolder.Save(
                        Path.Combine(saveTo, $"{at.GlobalStep}"), TinyTraining.State(at), Stages.Of(at).Optimizer, Model.TrainableParameters);
                }

                from = at;
                if (at.GlobalStep == until)
                {
                    return;
                }
            }
        }
    }

    /// <summary>Loads the checkpoint after a step.</summary>
    internal TrainingPosition Load(string folder, long globalStep)
    {
        var checkpoint = Directory.EnumerateDirectories(Path.Combine(folder, $"{globalStep}")).Single();
        return CheckpointFolder.Load(checkpoint, "tiny", Stages).Position;
    }

    public void Dispose()
    {
        Stages.Dispose();
        Model.Dispose();
        _teacher.Dispose();
    }
}
