using Distil.Trainer.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Optimizers;

/// <summary>The offset of each parameter of a list in a flat buffer, in the list's order.</summary>
/// <remarks>Each offset is a multiple of <see cref="Alignment"/> elements, as vectors of 16 bytes require; the gaps remain zero.</remarks>
internal sealed class FlatLayout
{
    internal const int Alignment = 4;

    private readonly IReadOnlyList<NamedParameter> _parameters;
    private readonly long[] _starts;

    internal FlatLayout(IReadOnlyList<NamedParameter> parameters)
    {
        (_parameters, _starts) = (parameters, new long[parameters.Count]);
        foreach (var (i, parameter) in parameters.Index())
        {
            _starts[i] = Length;
            Length += RoundUp(parameter.Value.numel());
        }
    }

    /// <value>Number of elements of a buffer, including the gaps.</value>
    internal long Length { get; }

    /// <summary>A parameter's part of a buffer of this layout, in the parameter's shape.</summary>
    internal Tensor View(Tensor buffer, int parameter)
    {
        using var scope = NewDisposeScope();
        var value = _parameters[parameter].Value;
        return buffer.narrow(0, _starts[parameter], value.numel()).view(value.shape).MoveToOuterDisposeScope();
    }

    /// <summary>For each parameter, in the list's order: its offset in a buffer and its number of elements.</summary>
    internal IReadOnlyList<(int Parameter, long Start, long Count)> Parts() =>
        [.. _parameters.Select((parameter, i) => (i, _starts[i], parameter.Value.numel()))];

    /// <summary>Joins a tensor for each parameter into one tensor of this layout.</summary>
    internal Tensor Join(IReadOnlyList<Tensor> parts)
    {
        using var scope = NewDisposeScope();
        var pieces = new List<Tensor>();
        foreach (var part in parts)
        {
            pieces.Add(part.flatten());
            if (RoundUp(part.numel()) - part.numel() is > 0 and var gap)
            {
                pieces.Add(zeros(gap, part.dtype, part.device));
            }
        }

        return cat(pieces).MoveToOuterDisposeScope();
    }

    private static long RoundUp(long count) => (count + Alignment - 1) / Alignment * Alignment;
}
