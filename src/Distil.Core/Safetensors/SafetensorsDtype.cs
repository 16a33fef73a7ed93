namespace Distil.Core.Safetensors;

/// <summary>An element type of a safetensors file.</summary>
/// <param name="Name">The format's name for it: <c>BF16</c>.</param>
/// <param name="Size">Bytes of one element.</param>
public sealed record SafetensorsDtype(string Name, int Size)
{
    private static readonly SafetensorsDtype[] Known =
    [
        new("F64", 8), new("F32", 4), new("F16", 2), new("BF16", 2), new("I64", 8), new("I32", 4), new("I16", 2), new("I8", 1), new("U8", 1), new("BOOL", 1),
    ];

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
