using Distil.Trainer.Models;
using Distil.Trainer.Ranks;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Optimizers;

/// <summary>Takes accumulated gradients from parameters, which have none afterwards.</summary>
internal static class Gradients
{
    /// <summary>Takes each parameter's gradient.</summary>
    /// <exception cref="InvalidOperationException">A parameter has none.</exception>
    internal static Tensor[] Take(IReadOnlyList<NamedParameter> parameters)
    {
        var parts = new Tensor[parameters.Count];
        for (var i = 0; i < parts.Length; i++)
        {
            var (name, value) = parameters[i];
            parts[i] = value.grad ?? throw new InvalidOperationException($"{name} has no gradient: the loss does not depend on it.");
            value.grad = null;
        }

        return parts;
    }

    /// <summary>Takes the gradients' sums over all processes.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="ranks">The processes.</param>
    /// <param name="more">Further values that become their sums; null for none.</param>
    /// <returns>Each in float32 and contiguous.</returns>
    internal static Tensor[] TakeSums(IReadOnlyList<NamedParameter> parameters, IRankGroup ranks, Tensor? more)
    {
        var sums = TakeOrZeros(parameters);
        ranks.Sum(more is null ? sums : [.. sums, more]);
        return sums;
    }

    /// <summary>Takes each parameter's gradient; zeros in a process that had no micro-batch in a step, and so no gradients.</summary>
    /// <returns>Each in float32 and contiguous.</returns>
    internal static Tensor[] TakeOrZeros(IReadOnlyList<NamedParameter> parameters) => parameters.All(parameter => parameter.Value.grad is null)
        ? [.. parameters.Select(parameter => zeros_like(parameter.Value, ScalarType.Float32))]
        : [.. Take(parameters).Select(gradient => gradient.to_type(ScalarType.Float32).contiguous())];
}
