using System.Runtime.InteropServices;
using Distil.Core.Specification;
using Distil.Inference.Matrices;
using Distil.Inference.Weights;
using Distil.Onnx.Graphs;
using Distil.Onnx.Writing;

namespace Distil.Onnx.Weights;

/// <summary>Adds a student's weights to a graph.</summary>
/// <param name="graph">The graph.</param>
/// <param name="data">Receives their elements.</param>
/// <param name="form">How large matrices are stored.</param>
internal sealed class StoredWeights(GraphBuilder graph, IWeightData data, WeightForm form)
{
    private const int Block = Inference.Matrices.Matrix.Block;

    private readonly Dictionary<string, StoredMatrix> _matrices = [];
    private readonly Dictionary<string, WeightForm> _rounded = [];

    /// <value>The names of the weights that are not float32, with their form.</value>
    internal IReadOnlyDictionary<string, WeightForm> Rounded => _rounded;

    /// <summary>A weight in float32.</summary>
    internal Value Floats(string name, MappedTensor tensor, params long[] shape) =>
        Add(name, ElementType.Float, data.Add(tensor.Count * sizeof(float), output => TensorStream.WriteFloats(tensor, output)), shape);

    /// <summary>Values in float32 that were computed from weights.</summary>
    internal Value Floats(string name, float[] values, params long[] shape) =>
        Add(name, ElementType.Float, data.Add((long)values.Length * sizeof(float), output => output.Write(MemoryMarshal.AsBytes<float>(values))), shape);

    /// <summary>Recurrent or block-diagonal matrices: float32 if the large matrices are, else bfloat16. They are few, and an error in them adds up.</summary>
    /// <param name="names">Names of the weights that they are.</param>
    /// <param name="values">Their elements.</param>
    /// <param name="shape">Their shape in the graph.</param>
    internal Value Small(IReadOnlyList<string> names, float[] values, params long[] shape)
    {
        var name = string.Join('+', names);
        if (form == WeightForm.Fp32)
        {
            return Floats(name, values, shape);
        }

        foreach (var weight in names)
        {
            _rounded[weight] = WeightForm.Bf16;
        }

        var place = data.Add(
            (long)values.Length * sizeof(ushort), output => output.Write(MemoryMarshal.AsBytes<ushort>(Array.ConvertAll(values, BFloat16Format.Round))));
        return Add(name, ElementType.BFloat16, place, shape).Cast(ElementType.Float);
    }

    /// <summary>A weight w as 1 + w.</summary>
    internal Value OnePlus(string name, MappedTensor tensor, params long[] shape) => Floats(name, [.. tensor.ReadAll().Select(w => 1 + w)], shape);

    /// <summary>x Wᵀ + b.</summary>
    /// <param name="name">The matrix's name.</param>
    /// <param name="tensor">W, (rows, columns).</param>
    /// <param name="rows">Number of outputs.</param>
    /// <param name="columns">Number of inputs.</param>
    /// <param name="x">(N, columns).</param>
    /// <param name="bias">b, (rows); null for none.</param>
    internal Value Multiply(string name, MappedTensor tensor, long rows, long columns, Value x, Value? bias = null)
    {
        var stored = Store(name, tensor, rows, columns);
        if (stored.Scales is not { } scales)
        {
            var weight = AsFloats(Initializer(name, stored, rows, columns), stored);
            return graph.Add("Gemm", bias is { } added ? [x, weight, added] : [x, weight], ("transB", 1L));
        }

        // The same bytes as the embedding's, in the shape that the operator asks for.
        var blocks = Initializer($"{name}.blocks", stored, rows, columns / Block, Block * stored.Bits / 8);
        // For 8 bits, ONNX Runtime on the CPU has no fast product but that of inputs rounded to 8 bits, too; any other takes a hundred times as long.
        var product = graph.Add(
            "MatMulNBits", [x, blocks, scales], 1, ModelWriter.Contrib,
            ("K", columns), ("N", rows), ("bits", (long)stored.Bits), ("block_size", (long)Block), ("accuracy_level", stored.Bits == 8 ? 4L : 0L))[0];
        return bias is { } vector ? product + vector : product;
    }

    /// <summary>Rows of a matrix.</summary>
    /// <param name="name">The matrix's name.</param>
    /// <param name="tensor">(rows, columns).</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="indices">(N), int64.</param>
    /// <returns>(N, columns).</returns>
    internal Value Rows(string name, MappedTensor tensor, long rows, long columns, Value indices)
    {
        var stored = Store(name, tensor, rows, columns);
        return stored.Scales is { } scales
            ? graph.Add(
                "GatherBlockQuantized", [Initializer(name, stored, rows, columns * stored.Bits / 8), indices, scales], 1, ModelWriter.Contrib,
                ("bits", (long)stored.Bits), ("block_size", (long)Block), ("gather_axis", 0L), ("quantize_axis", 1L))[0]
            : AsFloats(Initializer(name, stored, rows, columns).Gather(indices, 0), stored);
    }

    private static Value AsFloats(Value values, StoredMatrix stored) => stored.Type == ElementType.BFloat16 ? values.Cast(ElementType.Float) : values;

    // Once, if two matrices are tied.
    private StoredMatrix Store(string name, MappedTensor tensor, long rows, long columns)
    {
        if (_matrices.TryGetValue(name, out var stored))
        {
            return stored;
        }

        // Rows that are no whole blocks are those of small matrices.
        var own = form is WeightForm.Int8 or WeightForm.Int4 && columns % Block != 0 ? WeightForm.Bf16 : form;
        _rounded[name] = own;
        return _matrices[name] = own switch
        {
            WeightForm.Fp32 => new(
                ElementType.Float, data.Add(tensor.Count * sizeof(float), output => TensorStream.WriteFloats(tensor, output)), null, own.Bits),
            WeightForm.Bf16 => new(
                ElementType.BFloat16, data.Add(tensor.Count * sizeof(ushort), output => TensorStream.WriteBFloat16(tensor, output)), null, own.Bits),
            _ => Round(name, tensor, rows, columns, own.Bits),
        };
    }

    private StoredMatrix Round(string name, MappedTensor tensor, long rows, long columns, int bits)
    {
        var scales = new float[rows * columns / Block];
        var place = data.Add(tensor.Count * bits / 8, output => TensorStream.WriteCodes(tensor, new(bits), scales, output));
        return new(ElementType.UInt8, place, Floats($"{name}.scales", scales, rows, columns / Block), bits);
    }

    private Value Initializer(string name, StoredMatrix stored, params long[] shape) =>
        graph.Graph.Initializers.Exists(initializer => initializer.Name == name) ? new(graph, name) : Add(name, stored.Type, stored.Place, shape);

    private Value Add(string name, ElementType type, DataPlace place, params long[] shape)
    {
        graph.Graph.Initializers.Add(new(name, type, shape, null, place));
        return new(graph, name);
    }

    private sealed record StoredMatrix(ElementType Type, DataPlace Place, Value? Scales, int Bits);
}
