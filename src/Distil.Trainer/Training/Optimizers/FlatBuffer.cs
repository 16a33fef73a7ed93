using Distil.Trainer.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Optimizers;

/// <summary>One float32 value for each element of a parameter list, in one tensor, with a view for each parameter.</summary>
/// <remarks>An optimiser step is then a handful of large operations instead of a handful for each parameter.</remarks>
internal sealed class FlatBuffer : IDisposable
{
    private FlatBuffer(Tensor all, IReadOnlyList<NamedParameter> parameters)
    {
        All = all;
        var views = new List<NamedParameter>(parameters.Count);
        long start = 0;
        foreach (var (name, value) in parameters)
        {
            var count = value.numel();
            views.Add(new(name, all.narrow(0, start, count).view(value.shape).DetachFromDisposeScope()));
            start += count;
        }

        Views = views;
    }

    /// <value>(P), P elements in all parameters together.</value>
    public Tensor All { get; }

    /// <value>Parts of <see cref="All"/> by parameter name, each in its parameter's shape.</value>
    public IReadOnlyList<NamedParameter> Views { get; }

    public static FlatBuffer Zeros(IReadOnlyList<NamedParameter> parameters)
    {
        using var scope = NewDisposeScope();
        var all = zeros(parameters.Sum(parameter => parameter.Value.numel()), ScalarType.Float32, parameters[0].Value.device);
        return new(all.DetachFromDisposeScope(), parameters);
    }

    public static FlatBuffer CopyOf(IReadOnlyList<NamedParameter> parameters)
    {
        var buffer = Zeros(parameters);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        for (var i = 0; i < parameters.Count; i++)
            buffer.Views[i].Value.copy_(parameters[i].Value);
        return buffer;
    }

    /// <summary>Writes the values to the parameters, in the parameters' own precision.</summary>
    public void WriteTo(IReadOnlyList<NamedParameter> parameters)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        for (var i = 0; i < parameters.Count; i++)
            parameters[i].Value.copy_(Views[i].Value);
    }

    public void Dispose()
    {
        foreach (var view in Views)
            view.Value.Dispose();
        All.Dispose();
    }
}
