using static TorchSharp.torch;

namespace Distil.Trainer.Safetensors;

/// <summary>The element types that both safetensors and torch support, by the format's names for them.</summary>
internal static class SafetensorsDtype
{
    private static readonly (string Name, ScalarType Type, int Size)[] Known =
    [
        ("F64", ScalarType.Float64, 8), ("F32", ScalarType.Float32, 4), ("F16", ScalarType.Float16, 2), ("BF16", ScalarType.BFloat16, 2),
        ("I64", ScalarType.Int64, 8), ("I32", ScalarType.Int32, 4), ("I16", ScalarType.Int16, 2), ("I8", ScalarType.Int8, 1),
        ("U8", ScalarType.Byte, 1), ("BOOL", ScalarType.Bool, 1),
    ];

    /// <value>The supported names, for messages.</value>
    internal static string Names => string.Join(", ", Known.Select(known => known.Name));

    /// <summary>The type that a header names; null if it is none of <see cref="Names"/>.</summary>
    internal static ScalarType? Of(string name)
    {
        foreach (var known in Known)
        {
            if (known.Name == name)
            {
                return known.Type;
            }
        }

        return null;
    }

    /// <summary>A type's name in the header.</summary>
    internal static string NameOf(ScalarType type) => Find(type).Name;

    /// <summary>Bytes of one element.</summary>
    internal static int SizeOf(ScalarType type) => Find(type).Size;

    /// <summary>A shape for messages: <c>[160, 64]</c>.</summary>
    internal static string Text(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";

    private static (string Name, ScalarType Type, int Size) Find(ScalarType type)
    {
        foreach (var known in Known)
        {
            if (known.Type == type)
            {
                return known;
            }
        }

        throw new ArgumentException($"safetensors files cannot hold {type} tensors; they hold {Names}", nameof(type));
    }
}
