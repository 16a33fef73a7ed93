using Distil.Core.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Safetensors;

/// <summary>torch's element types and those of safetensors files.</summary>
internal static class TorchDtype
{
    private static readonly (SafetensorsDtype Stored, ScalarType Type)[] Pairs =
    [
        (SafetensorsDtype.Of("F64"), ScalarType.Float64), (SafetensorsDtype.Of("F32"), ScalarType.Float32), (SafetensorsDtype.Of("F16"), ScalarType.Float16),
        (SafetensorsDtype.Of("BF16"), ScalarType.BFloat16), (SafetensorsDtype.Of("I64"), ScalarType.Int64), (SafetensorsDtype.Of("I32"), ScalarType.Int32),
        (SafetensorsDtype.Of("I16"), ScalarType.Int16), (SafetensorsDtype.Of("I8"), ScalarType.Int8), (SafetensorsDtype.Of("U8"), ScalarType.Byte),
        (SafetensorsDtype.Of("BOOL"), ScalarType.Bool),
    ];

    /// <summary>torch's type for a file's; null if torch has none.</summary>
    internal static ScalarType? ToTorch(this SafetensorsDtype stored) =>
        Array.Exists(Pairs, pair => pair.Stored == stored) ? Array.Find(Pairs, pair => pair.Stored == stored).Type : null;

    /// <value>The types that torch has, for messages.</value>
    internal static string Names => string.Join(", ", Pairs.Select(pair => pair.Stored));

    /// <summary>The type in a file for one of torch's.</summary>
    /// <exception cref="ArgumentException">Safetensors files cannot hold it.</exception>
    internal static SafetensorsDtype ToSafetensors(this ScalarType type) => Array.Find(Pairs, pair => pair.Type == type).Stored
        ?? throw new ArgumentException($"safetensors files cannot hold {type} tensors; they hold {string.Join(", ", Pairs.Select(pair => pair.Type))}", nameof(type));
}
