using Distil.Trainer.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Optimizers;

/// <summary>Where each parameter of a list lies in a flat buffer: those in bfloat16 first, then those in float32, in the list's order.</summary>
/// <remarks>Each begins at a multiple of <see cref="Alignment"/> elements, so that vectors of 16 bytes fit it in either type; the gaps stay zero.</remarks>
internal sealed class FlatLayout
{
    internal const int Alignment = 8;

    private readonly IReadOnlyList<NamedParameter> _parameters;
    private readonly long[] _starts;

    internal FlatLayout(IReadOnlyList<NamedParameter> parameters)
    {
        (_parameters, _starts) = (parameters, new long[parameters.Count]);
        foreach (var half in new[] { true, false })
        {
            foreach (var (i, parameter) in parameters.Index().Where(each => IsHalf(each.Item) == half))
            {
                _starts[i] = Length;
                Length += RoundUp(parameter.Value.numel());
            }

            HalfLength = half ? Length : HalfLength;
        }
    }

    /// <value>Elements of a buffer, the gaps included.</value>
    internal long Length { get; }

    /// <value>Elements of its beginning that belong to bfloat16 parameters.</value>
    internal long HalfLength { get; }

    /// <summary>A parameter's part of a buffer of this layout, in the parameter's shape.</summary>
    internal Tensor View(Tensor buffer, int parameter)
    {
        using var scope = NewDisposeScope();
        var value = _parameters[parameter].Value;
        return buffer.narrow(0, _starts[parameter], value.numel()).view(value.shape).MoveToOuterDisposeScope();
    }

    /// <summary>Of each parameter, in the list's order: where it begins in a buffer, and its elements.</summary>
    internal IReadOnlyList<(int Parameter, long Start, long Count)> Parts() => [.. _parameters.Select((parameter, i) => (i, _starts[i], parameter.Value.numel()))];

    /// <summary>One tensor of this layout from a tensor for each parameter, as (bfloat16, float32); null where there is none of a type.</summary>
    internal (Tensor? Half, Tensor? Single) Join(IReadOnlyList<Tensor> parts)
    {
        using var scope = NewDisposeScope();
        Tensor? Of(bool half)
        {
            var pieces = new List<Tensor>();
            foreach (var (i, part) in parts.Index().Where(each => IsHalf(_parameters[each.Index]) == half))
            {
                pieces.Add(part.flatten());
                if (RoundUp(part.numel()) - part.numel() is > 0 and var gap)
                    pieces.Add(zeros(gap, part.dtype, part.device));
            }

            return pieces.Count == 0 ? null : cat(pieces).MoveToOuterDisposeScope();
        }

        return (Of(half: true), Of(half: false));
    }

    internal static bool IsHalf(NamedParameter parameter) => parameter.Value.dtype == ScalarType.BFloat16;

    private static long RoundUp(long count) => (count + Alignment - 1) / Alignment * Alignment;
}
