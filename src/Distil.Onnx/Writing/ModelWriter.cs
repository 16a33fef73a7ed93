using System.Globalization;

namespace Distil.Onnx.Writing;

/// <summary>Writes a graph as an ONNX model (https://onnx.ai/onnx/repo-docs/IR.html). The numbers are those of the fields in ONNX's messages.</summary>
internal static class ModelWriter
{
    private const int IrVersion = 10, Opset = 21, ContribOpset = 1;

    /// <summary>The domain of ONNX Runtime's own operators.</summary>
    internal const string Contrib = "com.microsoft";

    /// <summary>The bytes of a model.</summary>
    /// <param name="graph">Its computation.</param>
    /// <param name="metadata">Facts about it, by name.</param>
    internal static byte[] ToBytes(Graph graph, IReadOnlyDictionary<string, string> metadata)
    {
        var model = new ProtobufWriter();
        model.Number(1, IrVersion);
        model.Text(2, "distil");
        model.Message(7, message => Write(message, graph));
        OperatorSet(model, "", Opset);
        if (graph.Nodes.Exists(node => node.Domain == Contrib))
        {
            OperatorSet(model, Contrib, ContribOpset);
        }

        foreach (var (key, value) in metadata)
        {
            Entry(model, 14, key, value);
        }

        return model.ToArray();
    }

    private static void OperatorSet(ProtobufWriter model, string domain, int version) => model.Message(8, message =>
    {
        message.Text(1, domain);
        message.Number(2, version);
    });

    private static void Entry(ProtobufWriter owner, int field, string key, string value) => owner.Message(field, message =>
    {
        message.Text(1, key);
        message.Text(2, value);
    });

    private static void Write(ProtobufWriter message, Graph graph)
    {
        foreach (var node in graph.Nodes)
        {
            message.Message(1, inner => Write(inner, node));
        }

        message.Text(2, "student");
        foreach (var initializer in graph.Initializers)
        {
            message.Message(5, inner => Write(inner, initializer));
        }

        foreach (var input in graph.Inputs)
        {
            message.Message(11, inner => Write(inner, input));
        }

        foreach (var output in graph.Outputs)
        {
            message.Message(12, inner => Write(inner, output));
        }
    }

    private static void Write(ProtobufWriter message, Node node)
    {
        foreach (var input in node.Inputs)
        {
            message.Text(1, input);
        }

        foreach (var output in node.Outputs)
        {
            message.Text(2, output);
        }

        message.Text(3, node.Outputs[0]);
        message.Text(4, node.Operator);
        foreach (var (name, value) in node.Attributes)
        {
            message.Message(5, inner => WriteAttribute(inner, name, value));
        }

        message.Text(7, node.Domain);
    }

    private static void WriteAttribute(ProtobufWriter message, string name, object value)
    {
        message.Text(1, name);
        switch (value)
        {
            case float number:
                message.Number(2, number);
                message.Number(20, 1);
                break;
            case long number:
                message.Number(3, number);
                message.Number(20, 2);
                break;
            case string text:
                message.Text(4, text);
                message.Number(20, 3);
                break;
            case Graph graph:
                message.Message(6, inner => Write(inner, graph));
                message.Number(20, 5);
                break;
            case long[] numbers:
                Array.ForEach(numbers, number => message.Number(8, number));
                message.Number(20, 7);
                break;
            default:
                throw new ArgumentException($"attribute {name} is a {value.GetType().Name}; expected a number, text, numbers or a graph", nameof(value));
        }
    }

    private static void Write(ProtobufWriter message, Initializer initializer)
    {
        foreach (var size in initializer.Shape)
        {
            message.Number(1, size);
        }

        message.Number(2, (long)initializer.Type);
        message.Text(8, initializer.Name);
        if (initializer.Place is not { } place)
        {
            message.Bytes(9, initializer.Data);
            return;
        }

        Entry(message, 13, "location", place.File);
        Entry(message, 13, "offset", place.Offset.ToString(CultureInfo.InvariantCulture));
        Entry(message, 13, "length", place.Length.ToString(CultureInfo.InvariantCulture));
        message.Number(14, 1); // external
    }

    private static void Write(ProtobufWriter message, GraphValue value)
    {
        message.Text(1, value.Name);
        message.Message(2, type => type.Message(1, tensor =>
        {
            tensor.Number(1, (long)value.Type);
            if (value.Shape is not null)
            {
                tensor.Message(2, shape => WriteShape(shape, value.Shape));
            }
        }));
    }

    private static void WriteShape(ProtobufWriter message, IReadOnlyList<Size> shape)
    {
        foreach (var size in shape)
        {
            message.Message(1, dimension =>
            {
                if (size.Name is { } name)
                {
                    dimension.Text(2, name);
                }
                else
                {
                    dimension.Number(1, size.Number);
                }
            });
        }
    }
}
