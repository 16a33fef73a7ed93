using System.Globalization;
using System.Runtime.InteropServices;
using Distil.Onnx.Writing;

namespace Distil.Onnx.Graphs;

/// <summary>Builds a graph: each operation on <see cref="Value"/>s adds a node.</summary>
/// <param name="outer">The builder of the graph around this one, if this one is the body of a loop; its values can be used here.</param>
internal sealed class GraphBuilder(GraphBuilder? outer = null)
{
    private readonly Dictionary<string, string> _constants = [];
    private int _names;

    /// <value>The graph so far.</value>
    internal Graph Graph { get; } = new();

    /// <summary>Adds an input.</summary>
    internal Value Input(string name, ElementType type, params Size[]? shape)
    {
        Graph.Inputs.Add(new(name, type, shape));
        return new(this, name);
    }

    /// <summary>Makes a value an output.</summary>
    internal void Output(string name, Value value, ElementType type, params Size[]? shape)
    {
        Graph.Nodes.Add(new("Identity", "", [value.Name], [name], []));
        Graph.Outputs.Add(new(name, type, shape));
    }

    /// <summary>Adds a node with one output.</summary>
    internal Value Add(string type, IReadOnlyList<Value> inputs, params (string Name, object Value)[] attributes) => Add(type, inputs, 1, "", attributes)[0];

    /// <summary>Adds a node.</summary>
    /// <param name="type">The operator.</param>
    /// <param name="inputs">Its inputs; one without a name is left out.</param>
    /// <param name="outputs">Number of its outputs.</param>
    /// <param name="domain">Whose operator it is; empty for ONNX's own.</param>
    /// <param name="attributes">Its attributes.</param>
    internal Value[] Add(string type, IReadOnlyList<Value> inputs, int outputs, string domain, params (string Name, object Value)[] attributes)
    {
        Value[] results = [.. Enumerable.Range(0, outputs).Select(_ => new Value(this, NewName(type)))];
        Graph.Nodes.Add(new(type, domain, [.. inputs.Select(input => input.Name)], [.. results.Select(result => result.Name)], attributes));
        return results;
    }

    /// <summary>A constant number.</summary>
    internal Value Number(float value) => Constant(ElementType.Float, [], [value]);

    /// <summary>A constant whole number, a scalar.</summary>
    internal Value Scalar(long value) => Constant(ElementType.Int64, [], [value]);

    /// <summary>A constant list of whole numbers.</summary>
    internal Value Numbers(params long[] values) => Constant(ElementType.Int64, [values.Length], values);

    /// <summary>A small constant tensor, which is stored in the model's own file.</summary>
    internal Value Floats(float[] values, params long[] shape) => Constant(ElementType.Float, shape, values);

    /// <summary>The whole numbers from one scalar to before another.</summary>
    internal Value Range(Value from, Value to) => Add("Range", [from, to, Scalar(1)]);

    private Value Constant<T>(ElementType type, long[] shape, T[] values)
        where T : unmanaged
    {
        var data = MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
        var key = $"{type} {string.Join(',', shape)} {Convert.ToHexString(data)}";
        if (!_constants.TryGetValue(key, out var name))
        {
            name = _constants[key] = NewName("constant");
            Graph.Initializers.Add(new(name, type, shape, data, null));
        }

        return new(this, name);
    }

    /// <summary>A name that no value has yet, also not around a loop: its body can use the values there.</summary>
    internal string NewName(string type) => outer?.NewName(type) ?? string.Create(CultureInfo.InvariantCulture, $"{type}_{_names++}");
}
