using Distil.Core.Documents;
using Distil.Core.Specification;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Schedules;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;

namespace Distil.Trainer.Tests.Training;

/// <summary>A whole training small enough for a test: 19 + 8 rows in two shards, two epochs of five steps, a tiny teacher, dropout.</summary>
internal sealed class TinyTraining : IDisposable
{
    public static readonly DistillationSpec Distillation = new();

    private readonly TinyModel _teacher = new(seed: 7, teacher: true);
    private readonly TrainingLoop _loop;
    private readonly RowOrder _order;

    public TinyTraining(
        bool withTeacher = true, double learningRate = 1e-2, int metricsEvery = 1, int checkpointEvery = 2, int epochs = 2, ITrainingRows? rows = null)
    {
        rows ??= new TinyRows([19, 8]);
        _order = new RowOrder(seed: 3, rows.RowsOfShards, batchSize: 3, accumulation: 2);
        Model = new TinyModel(seed: 1, dropout: 0.1);
        Optimizer = new AdamW(Model.TrainableParameters, new AdamWOptions());
        var total = epochs * _order.StepsPerEpoch;
        var settings = new ExtractionSettings { InverseTemperatures = TemperatureNodes.Between(Distillation.Temperature.To, Distillation.Temperature.From), MeanHidden = true };
        _loop = new TrainingLoop(
            Model, Optimizer, LearningRateSchedule.WithRatio(learningRate, 0.1, total), rows, _order,
            withTeacher ? (new DeltaDistillation(Distillation), new OnlineTargets(_teacher, settings, layers: false)) : null,
            new TrainingLoopOptions
            {
                Seed = 3,
                TotalSteps = total,
                CheckpointEverySteps = checkpointEvery,
                MetricsEverySteps = metricsEvery,
                ChunkPositions = 7,
            },
            TimeProvider.System, OnStep);
    }

    public TinyModel Model { get; }

    public AdamW Optimizer { get; }

    public List<StepMetrics> Steps { get; } = [];

    public List<TrainingPosition> Checkpoints { get; } = [];

    public Action<StepMetrics> AfterStep { get; set; } = _ => { };

    public CancellationTokenSource Cancel { get; } = new();

    /// <summary>Runs both epochs; saves a checkpoint if asked and a folder is given.</summary>
    public void Run(TrainingPosition from, string? saveTo = null, int epochs = 2)
    {
        var position = from;
        for (var epoch = from.Step == _order.StepsPerEpoch ? from.Epoch + 1 : from.Epoch; epoch < epochs; epoch++)
        {
            foreach (var at in _loop.RunEpoch(epoch, position, Cancel.Token))
            {
                Save(at, saveTo);
                position = at;
            }
        }
    }

    public static CheckpointState State(TrainingPosition position) => new() { Position = position, Seed = 3, SpecHash = "tiny" };

    public void Dispose()
    {
        Cancel.Dispose();
        Optimizer.Dispose();
        Model.Dispose();
        _teacher.Dispose();
    }

    private void OnStep(StepMetrics step)
    {
        Steps.Add(step);
        AfterStep(step);
    }

    private void Save(TrainingPosition position, string? folder)
    {
        Checkpoints.Add(position);
        if (folder is not null)
        {
            CheckpointFolder.Save(Path.Combine(folder, $"epoch-{position.Epoch}"), State(position), Optimizer);
        }
    }
}
