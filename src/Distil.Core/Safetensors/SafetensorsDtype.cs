namespace Distil.Core.Safetensors;

/// <summary>An element type of a safetensors file.</summary>
/// <param name="Name">The format's name for it: <c>BF16</c>.</param>
/// <param name="Bits">Bits of one element; some types are narrower than a byte.</param>
public sealed record SafetensorsDtype(string Name, int Bits)
{
    private static readonly SafetensorsDtype[] Known =
    [
        new("F64", 64), new("F32", 32), new("F16", 16), new("BF16", 16), new("I64", 64), new("I32", 32), new("I16", 16), new("I8", 8), new("U8", 8),
        new("BOOL", 8), new("U64", 64), new("U32", 32), new("U16", 16), new("F8_E4M3", 8), new("F8_E5M2", 8), new("F8_E8M0", 8), new("F6_E2M3", 6),
        new("F6_E3M2", 6), new("F4", 4), new("C64", 64),
    ];

    /// <value>Bytes of one element of at least a byte.</value>
    public int Size => Bits / 8;

    /// <value>Whether its elements are floating-point numbers of at least 16 bits, as weights are that need no scale.</value>
    public bool IsPlain => Name is "F64" or "F32" or "F16" or "BF16";

    /// <value>The supported names, for messages.</value>
    internal static string Names => string.Join(", ", Known.Select(known => known.Name));

    /// <summary>The type of a name.</summary>
    /// <exception cref="ArgumentException">It is none of the supported names.</exception>
    public static SafetensorsDtype Of(string name) =>
        Find(name) ?? throw new ArgumentException($"{name} is no element type of safetensors files that is read; expected one of {Names}", nameof(name));

    /// <summary>The type that a header names; null if it is not supported.</summary>
    internal static SafetensorsDtype? Find(string name) => Array.Find(Known, known => known.Name == name);

    /// <inheritdoc />
    public override string ToString() => Name;
}
