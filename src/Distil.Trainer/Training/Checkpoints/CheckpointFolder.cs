using System.Globalization;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Safetensors;
using Distil.Trainer.Models;
using Distil.Trainer.Safetensors;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Stages;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Checkpoints;

/// <summary>A checkpoint on disk: <c>step-000400/</c> with the trained weights, the optimiser's state and the position.</summary>
public static class CheckpointFolder
{
    /// <summary>The trained weights, float32, with their names in the model.</summary>
    public const string WeightsFile = "weights.safetensors";

    /// <summary>The optimiser's state.</summary>
    public const string OptimizerFile = "optimizer.safetensors";

    /// <summary>The <see cref="CheckpointState"/>.</summary>
    public const string StateFile = "state.json";

    /// <value>The files of a checkpoint, in the order of writing.</value>
    public static IReadOnlyList<string> Files { get; } = [WeightsFile, OptimizerFile, StateFile];

    /// <summary>Writes a checkpoint, completely or not at all; one of the same step is replaced.</summary>
    /// <param name="parent">Folder of the epoch's checkpoints; created if it does not exist.</param>
    /// <param name="state">Position, seed and specification.</param>
    /// <param name="optimizer">The optimiser with the weights and its own state.</param>
    /// <param name="parameters">All trained parameters of the model, if the optimiser has only some of them; null if it has all.</param>
    /// <returns>The checkpoint's folder.</returns>
    public static string Save(string parent, CheckpointState state, AdamW optimizer, IReadOnlyList<NamedParameter>? parameters = null) =>
        Save(parent, state, temporary =>
        {
            SafetensorsWriter.Write(Path.Combine(temporary, WeightsFile), WeightsOf(optimizer, parameters));
            SafetensorsWriter.Write(Path.Combine(temporary, OptimizerFile), optimizer.State());
        });

    /// <summary>Writes a checkpoint of weights that are not trained further: it has no <see cref="OptimizerFile"/>.</summary>
    /// <param name="parent">Folder of the epoch's checkpoints; created if it does not exist.</param>
    /// <param name="state">Position, seed and specification.</param>
    /// <param name="weights">All weights that a run trains, float32, by name.</param>
    /// <returns>The checkpoint's folder.</returns>
    public static string SaveWeights(string parent, CheckpointState state, IReadOnlyList<NamedParameter> weights) =>
        Save(parent, state, temporary => SafetensorsWriter.Write(
            Path.Combine(temporary, WeightsFile), weights.Select(weight => KeyValuePair.Create(weight.Name, weight.Value.detach()))));

    private static string Save(string parent, CheckpointState state, Action<string> write)
    {
        using var scope = NewDisposeScope();
        var folder = Path.Combine(parent, string.Create(CultureInfo.InvariantCulture, $"step-{state.Position.Step:000000}"));
        var temporary = $"{folder}.{Guid.NewGuid():N}.tmp";
        try
        {
            write(temporary);
            File.WriteAllText(Path.Combine(temporary, StateFile), JsonSerializer.Serialize(state, DistilJson.Indented));
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
            Directory.Move(temporary, folder);
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }

        return folder;
    }

    /// <summary>Loads a checkpoint: weights into the model, state into the optimiser.</summary>
    /// <param name="folder">The checkpoint.</param>
    /// <param name="specHash">The hash with which the checkpoint must have been trained.</param>
    /// <param name="optimizer">The optimiser of the model that resumes training.</param>
    /// <param name="stepsBefore">Steps of the training that other optimisers made before.</param>
    /// <exception cref="InvalidInputException">A file is missing or damaged, or the checkpoint is of another specification or model.</exception>
    public static CheckpointState Load(string folder, string specHash, AdamW optimizer, long stepsBefore = 0)
    {
        var state = ReadState(folder, specHash);
        optimizer.Load(Path.Combine(folder, WeightsFile), Path.Combine(folder, OptimizerFile));
        if (optimizer.Steps + stepsBefore != state.Position.GlobalStep)
        {
            throw new InvalidInputException(
                $"{folder}: {OptimizerFile} has {optimizer.Steps + stepsBefore} steps, {StateFile} {state.Position.GlobalStep}");
        }

        return state;
    }

    /// <summary>Loads a checkpoint into the stage that it belongs to, which becomes the present one.</summary>
    /// <exception cref="InvalidInputException">A file is missing or damaged, or the checkpoint is of another specification or model.</exception>
    internal static CheckpointState Load(string folder, string specHash, TrainingStages stages)
    {
        var stage = stages.Of(ReadState(folder, specHash).Position);
        return Load(folder, specHash, stage.Optimizer, stages.StepsBefore);
    }

    /// <summary>Loads the weights of a checkpoint into a model that is not trained further.</summary>
    /// <param name="folder">The checkpoint.</param>
    /// <param name="specHash">The hash with which the checkpoint must have been trained.</param>
    /// <param name="parameters">The model's trainable parameters.</param>
    /// <exception cref="InvalidInputException">A file is missing or damaged, or the checkpoint is of another specification or model.</exception>
    public static void LoadWeights(string folder, string specHash, IReadOnlyList<NamedParameter> parameters)
    {
        ReadState(folder, specHash);
        using var frozen = no_grad();
        using var weights = SafetensorsFile.Open(Path.Combine(folder, WeightsFile));
        foreach (var parameter in parameters)
        {
            using var value = weights.Read(parameter.Name, ScalarType.Float32, parameter.Value.device);
            parameter.Value.copy_(value);
        }
    }

    /// <summary>Reads the state of a checkpoint.</summary>
    /// <exception cref="InvalidInputException">It is missing, damaged or of another version.</exception>
    public static CheckpointState ReadState(string folder)
    {
        var path = Path.Combine(folder, StateFile);
        try
        {
            return DocumentVersion.Read<CheckpointState>(path, File.ReadAllBytes(path)) ?? throw new InvalidInputException($"{path}: is null; expected an object");
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            throw new InvalidInputException($"{path}: cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Throws unless a checkpoint was trained with a specification.</summary>
    /// <param name="folder">The checkpoint.</param>
    /// <param name="specHash">The hash with which it must have been trained.</param>
    /// <exception cref="InvalidInputException">It is of another specification, or its state is missing or damaged.</exception>
    public static void RequireIdentity(string folder, string specHash) => ReadState(folder, specHash);

    /// <summary>The optimiser's weights in full precision, and those that it does not train.</summary>
    private static IEnumerable<KeyValuePair<string, Tensor>> WeightsOf(AdamW optimizer, IReadOnlyList<NamedParameter>? parameters)
    {
        var own = optimizer.Weights.Select(weight => weight.Name).ToHashSet();
        return optimizer.Weights.Concat((parameters ?? []).Where(parameter => !own.Contains(parameter.Name)))
            .Select(weight => KeyValuePair.Create(weight.Name, weight.Value.detach()));
    }

    private static CheckpointState ReadState(string folder, string specHash)
    {
        var state = ReadState(folder);
        return state.SpecHash == specHash ? state : throw new InvalidInputException(
            $"{folder}: {StateFile} is of specification {state.SpecHash}; this run's is {specHash}");
    }
}
