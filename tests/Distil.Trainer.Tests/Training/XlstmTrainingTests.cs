using Distil.Core.Specification;
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

namespace Distil.Trainer.Tests.Training;

/// <summary>The loop with the student that it is for.</summary>
[Collection(AloneCollection.Name)]
public sealed class XlstmTrainingTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Golden", "xlstm-tiny");

    [Fact]
    public void Resumed_from_a_checkpoint_gives_the_same_bytes_and_leaves_embedding_and_head_alone()
    {
        using var folder = new TemporaryFolder();
        var whole = Train(TrainingPosition.Start, folder.Path, load: null);
        var resumed = Train(TrainingPosition.Start, saveTo: null, load: folder["step-000002"]);
        Assert.Equal(whole, resumed);
    }

    /// <returns>The trained weights' bytes after four steps.</returns>
    private static byte[] Train(TrainingPosition from, string? saveTo, string? load)
    {
        using var model = XlstmModel.Load(Folder, CPU);
        using var teacher = new TinyModel(seed: 7, teacher: true, vocabulary: model.VocabularySize, width: model.HiddenSize);
        using var optimizer = new AdamW(model.TrainableParameters, new AdamWOptions());
        var frozen = (model.HeadWeight.bytes.ToArray(), model.EmbeddingWeight.bytes.ToArray());
        var rows = new TinyRows([10, 6], contextLength: 12, vocabulary: model.VocabularySize);
        var order = new RowOrder(seed: 1, rows.RowsOfShards, batchSize: 4, accumulation: 1);
        DistillationSpec spec = new();
        ExtractionSettings settings = new() { InverseTemperatures = TemperatureNodes.Between(spec.Temperature.To, spec.Temperature.From), MeanHidden = true };
        var loop = new TrainingLoop(
            model, optimizer, LearningRateSchedule.WithRatio(1e-3, 0.1, order.StepsPerEpoch), rows, order,
            (new DeltaDistillation(spec), new OnlineTargets(teacher, settings, layers: false)),
            new TrainingLoopOptions { Seed = 1, TotalSteps = order.StepsPerEpoch, CheckpointEverySteps = 2 }, TimeProvider.System, _ => { });
        var position = load is null ? from : CheckpointFolder.Load(load, "tiny", optimizer).Position;
        foreach (var at in loop.RunEpoch(0, position, CancellationToken.None))
        {
            Save(saveTo, at, optimizer);
        }

        Assert.Equal(frozen.Item1, model.HeadWeight.bytes.ToArray());
        Assert.Equal(frozen.Item2, model.EmbeddingWeight.bytes.ToArray());
        return [.. model.TrainableParameters.SelectMany(parameter => parameter.Value.detach().bytes.ToArray())];
    }

    private static void Save(string? folder, TrainingPosition at, AdamW optimizer)
    {
        if (folder is not null)
        {
            CheckpointFolder.Save(folder, TinyTraining.State(at), optimizer);
        }
    }
}
