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

    /// <summary>Takes the gradients' sums over all processes. A process that had no micro-batch in a step has no gradients.</summary>
    /// <returns>Views of one float32 buffer of the layout.</returns>
    internal static Tensor[] TakeSums(IReadOnlyList<NamedParameter> parameters, FlatLayout layout, IRankGroup ranks)
    {
        var all = parameters.All(parameter => parameter.Value.grad is null)
            ? zeros(layout.Length, ScalarType.Float32, parameters[0].Value.device)
            : layout.Join(Take(parameters)).to_type(ScalarType.Float32);                     // (P)
        ranks.Sum(all);
        return [.. parameters.Select((_, i) => layout.View(all, i))];
    }
}
