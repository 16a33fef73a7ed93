using Distil.Core.Errors;
using Distil.Core.Safetensors;
using Distil.Trainer.Training.Checkpoints;

namespace Distil.Trainer.Tests.Training.Checkpoints;

public sealed class CheckpointFolderTests
{
    [Fact]
    public void Is_named_by_its_step_and_holds_three_files_and_nothing_besides()
    {
        using var folder = new TemporaryFolder();
        var path = Save(folder, step: 400);
        Assert.Equal(folder["step-000400"], path);
        Assert.Equal(CheckpointFolder.Files.Order(), Directory.GetFiles(path).Select(Path.GetFileName).Order());
        Assert.Equal([path], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Holds_the_trained_weights_only()
    {
        using var folder = new TemporaryFolder();
        using var file = SafetensorsFile.Open(Path.Combine(Save(folder, step: 0), CheckpointFolder.WeightsFile));
        Assert.Equal(["before.weight", "own.weight"], file.Entries.Keys.Order());
    }

    [Fact]
    public void Replaces_one_of_the_same_step()
    {
        using var folder = new TemporaryFolder();
        Save(folder, step: 2);
        File.WriteAllText(folder["step-000002/weights.safetensors"], "damaged");
        using var training = new TinyTraining();
        Assert.Equal(2, CheckpointFolder.ReadState(Save(folder, step: 2)).Position.Step);
        CheckpointFolder.Load(folder["step-000002"], "tiny", training.Optimizer);
    }

    [Fact]
    public void Of_another_specification_is_refused()
    {
        using var folder = new TemporaryFolder();
        using var training = new TinyTraining();
        var error = Assert.Throws<InvalidInputException>(() => CheckpointFolder.Load(Save(folder, step: 0), "other", training.Optimizer));
        Assert.Contains("state.json is of specification tiny; this run's is other", error.Message);
    }

    [Fact]
    public void A_missing_or_damaged_state_is_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("state.json: cannot be read", Assert.Throws<InvalidInputException>(() => CheckpointFolder.ReadState(folder["none"])).Message);
        File.WriteAllText(Path.Combine(Save(folder, step: 1), CheckpointFolder.StateFile), "{");
        Assert.Contains("state.json: cannot be read", Assert.Throws<InvalidInputException>(() => CheckpointFolder.ReadState(folder["step-000001"])).Message);
    }

    [Fact]
    public void A_state_of_another_version_is_named()
    {
        using var folder = new TemporaryFolder();
        var state = Path.Combine(Save(folder, step: 1), CheckpointFolder.StateFile);
        File.WriteAllText(state, """{ "version": 2, "tide": "high" }""");
        var error = Assert.Throws<InvalidInputException>(() => CheckpointFolder.ReadState(folder["step-000001"]));
        Assert.StartsWith($"{state}: version is 2, expected 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failed_write_leaves_nothing_behind()
    {
        using var folder = new TemporaryFolder();
        using var training = new TinyTraining();
        training.Optimizer.Dispose(); // its tensors can no longer be read
        Assert.ThrowsAny<Exception>(() => CheckpointFolder.Save(folder.Path, TinyTraining.State(new TrainingPosition(0, 1, 1)), training.Optimizer));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    private static string Save(TemporaryFolder folder, long step)
    {
        using var training = new TinyTraining();
        return CheckpointFolder.Save(folder.Path, TinyTraining.State(new TrainingPosition(0, step, 0)), training.Optimizer);
    }
}
