using Distil.Trainer.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Optimizers;

/// <summary>One float32 value for each element of a parameter list, in one tensor, with a view for each parameter.</summary>
/// <remarks>An optimiser step is then a handful of large operations instead of a handful for each parameter.</remarks>
internal sealed class FlatBuffer : IDisposable
{
    /// <summary>Creates a buffer of zeros.</summary>
    internal FlatBuffer(IReadOnlyList<NamedParameter> parameters, FlatLayout layout)
    {
        All = zeros(layout.Length, ScalarType.Float32, parameters[0].Value.device).DetachFromDisposeScope();
        Views = [.. parameters.Select((parameter, i) => new NamedParameter(parameter.Name, layout.View(All, i).DetachFromDisposeScope()))];
    }

    /// <value>The whole buffer, in the order of the layout.</value>
    public Tensor All { get; }

    /// <value>Parts of <see cref="All"/> by parameter name, each in its parameter's shape.</value>
    public IReadOnlyList<NamedParameter> Views { get; }

    /// <summary>Copies the parameters' values into the buffer.</summary>
    public void ReadFrom(IReadOnlyList<NamedParameter> parameters)
    {
        using var noGradient = no_grad();
        for (var i = 0; i < parameters.Count; i++)
        {
            Views[i].Value.copy_(parameters[i].Value);
        }
    }

    /// <summary>Writes the values to the parameters, in the parameters' own precision.</summary>
    public void WriteTo(IReadOnlyList<NamedParameter> parameters)
    {
        using var noGradient = no_grad();
        for (var i = 0; i < parameters.Count; i++)
        {
            parameters[i].Value.copy_(Views[i].Value);
        }
    }

    public void Dispose()
    {
        foreach (var view in Views)
        {
            view.Value.Dispose();
        }
        All.Dispose();
    }
}
