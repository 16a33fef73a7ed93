using Distil.Core.Errors;
using Distil.Core.Safetensors;
using Distil.Trainer.Models;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Optimizers;

/// <content>Its state in checkpoints, which are the same whatever the number of processes.</content>
public sealed partial class AdamW
{
    private const string MeanPrefix = "exp_avg.";
    private const string SquarePrefix = "exp_avg_sq.";
    private const string StepName = "step";

    private IReadOnlyList<NamedParameter>[]? _gathered; // weights, means and squares of all parameters

    /// <summary>Brings the state of a sharded optimiser together in process 0, until the next step. Every process must call it at the same step.</summary>
    public void Gather()
    {
        Forget();
        _gathered = _shards?.Gather(_weights, _mean, _square);
    }

    /// <summary>Whether something holds in any of the processes. Every process must call it at the same step; it waits for all.</summary>
    internal bool InAny(bool here)
    {
        using var any = tensor([here ? 1f : 0f], device: _weights.All.device);
        Ranks.Sum(any);
        return any.item<float>() > 0;
    }

    /// <summary>The optimiser's state by name, for a checkpoint: <c>step</c>, <c>exp_avg.{parameter}</c>, <c>exp_avg_sq.{parameter}</c>.</summary>
    /// <remarks>Views of live memory: write them before the next step. The step's own tensor is in the caller's dispose scope.</remarks>
    public IEnumerable<KeyValuePair<string, Tensor>> State()
    {
        yield return new(StepName, tensor([Steps], ScalarType.Int64));
        foreach (var (name, value) in Whole(1, _mean))
        {
            yield return new(MeanPrefix + name, value);
        }
        foreach (var (name, value) in Whole(2, _square))
        {
            yield return new(SquarePrefix + name, value);
        }
    }

    /// <summary>Loads weights and state from a checkpoint's files and writes the weights to the model.</summary>
    /// <param name="weightsPath">Safetensors with <see cref="Weights"/> by name.</param>
    /// <param name="statePath">Safetensors with the tensors of <see cref="State"/>.</param>
    /// <exception cref="InvalidInputException">A file lacks a tensor or contains one of another type or shape; nothing is loaded.</exception>
    public void Load(string weightsPath, string statePath)
    {
        using var scope = NewDisposeScope();
        using var weights = SafetensorsFile.Open(weightsPath);
        using var state = SafetensorsFile.Open(statePath);
        (SafetensorsFile File, string Prefix, FlatBuffer Buffer)[] parts = [(weights, "", _weights), (state, MeanPrefix, _mean), (state, SquarePrefix, _square)];
        Require(state, StepName, [1], ScalarType.Int64);
        foreach (var (file, prefix, _) in parts)
        {
            _all.ToList().ForEach(each => Require(file, prefix + each.Name, each.Value.shape, ScalarType.Float32));
        }

        Steps = state.Read(StepName).item<long>();
        foreach (var (file, prefix, buffer) in parts)
        {
            buffer.Views.ToList().ForEach(view => view.Value.copy_(file.Read(prefix + view.Name)));
        }

        if (_kernel is null)
        {
            _weights.WriteTo(_parameters);
        }

        using var noGradient = no_grad();
        foreach (var (name, value) in _shards?.Others ?? [])
        {
            value.copy_(weights.Read(name));
        }
    }

    private IReadOnlyList<NamedParameter> Whole(int part, FlatBuffer own) =>
        _shards is null ? own.Views : _gathered?[part] ?? throw new InvalidOperationException("the optimiser is sharded; expected Gather before its whole state is used");

    private void Forget()
    {
        foreach (var each in _gathered?.SelectMany(part => part) ?? [])
        {
            each.Value.Dispose();
        }

        _gathered = null;
    }

    private static void Require(SafetensorsFile file, string name, long[] shape, ScalarType type)
    {
        var entry = file.EntryOf(name, shape, "the model");
        if (entry.Dtype.ToTorch() != type)
        {
            throw new InvalidInputException($"{file.Path}: {name} is {entry}; expected {type.ToSafetensors()}");
        }
    }
}
