namespace Distil.Core.Safetensors;

/// <summary>A tensor of a safetensors file, as its header describes it.</summary>
/// <param name="Dtype">Element type on disk.</param>
/// <param name="Shape">Dimensions; empty for a scalar.</param>
/// <param name="Begin">First byte, counted from the end of the header.</param>
/// <param name="End">Byte after the last, counted from the end of the header.</param>
public sealed record SafetensorsEntry(SafetensorsDtype Dtype, IReadOnlyList<long> Shape, long Begin, long End)
{
    /// <value>Number of elements.</value>
    public long Elements => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>For messages: <c>[160, 64] BF16</c>.</summary>
    public override string ToString() => $"{Text(Shape)} {Dtype}";

    /// <summary>A shape for messages: <c>[160, 64]</c>.</summary>
    public static string Text(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
