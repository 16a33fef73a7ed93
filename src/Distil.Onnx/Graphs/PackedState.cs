using Distil.Core.Errors;
using Distil.Onnx.Writing;

namespace Distil.Onnx.Graphs;

/// <summary>A state as ONNX Runtime GenAI passes it from one call to the next: one tensor in float32, in which a text's parts follow each other, because that
/// runtime knows states by its own names and gives all of them one shape.</summary>
/// <param name="builder">The graph.</param>
internal sealed class PackedState(GraphBuilder builder)
{
    // The runtime asks for both.
    private const string Memory = "recurrent_state", Convolution = "conv_state", Past = "past_key_values.0.", Present = "present.0.";

    private readonly List<string> _names = [];
    private readonly Dictionary<string, Value> _next = [];
    private long _size;

    /// <summary>A part before this call.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its element type.</param>
    /// <param name="shape">Its shape; without a batch if it is the same for all texts.</param>
    /// <exception cref="InvalidInputException">It grows with the text.</exception>
    internal Value Take(string name, ElementType type, IReadOnlyList<Size> shape)
    {
        if (shape.Any(size => size.Name is not (null or TextGraph.Batch)))
        {
            throw new InvalidInputException(
                "the student keeps attention in some layers, whose state grows with the text; for genai, expected a student whose state has a constant size");
        }

        var (isText, sizes) = (shape[0].Name is not null, shape.Where(size => size.Name is null).Select(size => size.Number).ToArray());
        var from = _size;
        _size += sizes.Aggregate(1L, (product, size) => product * size);
        _names.Add(name);
        var part = new Value(builder, Past + Memory).Slice(3, from, _size); // (B, 1, 1, n)
        var own = isText ? part.Reshape([-1, .. sizes]) : part.Slice(0, 0, 1).Reshape(sizes);
        return type == ElementType.Float ? own : own.Cast(type);
    }

    /// <summary>The same part after this call.</summary>
    internal void Put(string name, Value value, ElementType type, IReadOnlyList<Size> shape)
    {
        var floats = type == ElementType.Float ? value : value.Cast(ElementType.Float); // exact up to 16,777,216 tokens
        var batch = new Value(builder, Past + Memory).Shape().Slice(0, 0, 1);
        _next[name] = shape[0].Name is not null
            ? floats.Reshape(Value.Concat(0, batch, builder.Numbers(1, 1, -1)))
            : builder.Add("Expand", [floats.Reshape(1, 1, 1, -1), Value.Concat(0, batch, builder.Numbers(1, 1, 1))]);
    }

    /// <summary>Adds the inputs and outputs.</summary>
    internal void End()
    {
        Size[] memory = [TextGraph.Batch, 1, 1, _size], convolution = [TextGraph.Batch, 1, 1];
        builder.Input(Past + Memory, ElementType.Float, memory);
        builder.Output(Present + Memory, Value.Concat(3, [.. _names.Select(name => _next[name])]), ElementType.Float, memory);
        builder.Output(Present + Convolution, builder.Input(Past + Convolution, ElementType.Float, convolution), ElementType.Float, convolution);
    }
}
