namespace Distil.Onnx.Writing;

/// <summary>Element types, by their numbers in ONNX.</summary>
internal enum ElementType
{
    /// <summary>float32.</summary>
    Float = 1,

    /// <summary>Bytes.</summary>
    UInt8 = 2,

    /// <summary>64-bit integers.</summary>
    Int64 = 7,

    /// <summary>Truth values.</summary>
    Bool = 9,

    /// <summary>bfloat16.</summary>
    BFloat16 = 16,
}

/// <summary>A computation: nodes in an order in which each uses only what is before it.</summary>
internal sealed class Graph
{
    /// <value>The nodes.</value>
    internal List<Node> Nodes { get; } = [];

    /// <value>Constants: weights and small tensors.</value>
    internal List<Initializer> Initializers { get; } = [];

    /// <value>What a caller gives.</value>
    internal List<GraphValue> Inputs { get; } = [];

    /// <value>What a caller receives.</value>
    internal List<GraphValue> Outputs { get; } = [];
}

/// <summary>One operation.</summary>
/// <param name="Operator">Its name in ONNX.</param>
/// <param name="Domain">Whose operator it is; empty for ONNX's own.</param>
/// <param name="Inputs">Names of its inputs; empty for an optional one that is left out.</param>
/// <param name="Outputs">Names of its outputs.</param>
/// <param name="Attributes">Its attributes by name: long, float, string, long[] or <see cref="Graph"/>.</param>
internal sealed record Node(
    string Operator, string Domain, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, IReadOnlyList<(string Name, object Value)> Attributes);

/// <summary>A constant.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Data">Its elements, little endian; null if they are in another file.</param>
/// <param name="Place">Where they are in another file; null if they are not.</param>
internal sealed record Initializer(string Name, ElementType Type, IReadOnlyList<long> Shape, byte[]? Data, DataPlace? Place);

/// <summary>A part of a file beside the model.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Number of bytes.</param>
internal sealed record DataPlace(string File, long Offset, long Length);

/// <summary>An input or output.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Shape">Its dimensions: a size, or the name of one that the caller chooses. Null inside a loop, where ONNX infers it.</param>
internal sealed record GraphValue(string Name, ElementType Type, IReadOnlyList<Size>? Shape);

/// <summary>A dimension: a number, or a name for one that the caller chooses.</summary>
/// <param name="Number">The number; 0 if there is a name.</param>
/// <param name="Name">The name; null if there is a number.</param>
internal readonly record struct Size(long Number, string? Name)
{
    public static implicit operator Size(long number) => new(number, null);

    public static implicit operator Size(string name) => new(0, name);
}
