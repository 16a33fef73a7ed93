using Distil.Onnx.Writing;

namespace Distil.Onnx.Graphs;

/// <summary>What every student's graph has: tokens in, logits out, and a state that a caller passes from one call to the next.</summary>
/// <remarks>Rows are the positions of all sequences, (N, …) with N = B·T. A state of zeros is the start of a text.</remarks>
internal sealed class TextGraph
{
    /// <summary>The inputs' and outputs' names.</summary>
    internal const string Tokens = "input_ids", Logits = "logits", Keep = "logits_to_keep", Past = "past.", Present = "present.";

    /// <summary>Names of the dimensions that a caller chooses.</summary>
    internal const string Batch = "batch", Length = "tokens";

    private readonly Value _ids, _keep, _shape;
    private readonly PackedState? _packed;

    /// <param name="isPacked">Whether the state is one tensor, and logits are those of the last position, as ONNX Runtime GenAI asks for.</param>
    internal TextGraph(bool isPacked = false)
    {
        _packed = isPacked ? new(Builder) : null;
        _ids = Builder.Input(Tokens, ElementType.Int64, Batch, Length);
        _keep = isPacked ? Builder.Numbers(1) : Builder.Input(Keep, ElementType.Int64, 1);
        _shape = _ids.Shape();
        Ids = _ids.Reshape(-1);
        Count = _shape.Gather(Builder.Scalar(1), 0);
        var positions = Builder.Range(Builder.Scalar(0), Count);
        IsPast = positions.Unsqueeze(1).AtLeast(positions.Unsqueeze(0));
    }

    /// <value>The graph's builder.</value>
    internal GraphBuilder Builder { get; } = new();

    /// <value>The tokens of all rows, (N).</value>
    internal Value Ids { get; }

    /// <value>T, a scalar.</value>
    internal Value Count { get; }

    /// <value>(T, T): whether the second position is not after the first.</value>
    internal Value IsPast { get; }

    /// <summary>Rows by sequence and position: (N, …) → (B, T, sizes).</summary>
    internal Value Split(Value rows, params long[] sizes) => rows.Reshape(Value.Concat(0, _shape, Builder.Numbers(sizes)));

    /// <summary>A part of the state, before this call.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its element type.</param>
    /// <param name="shape">Its shape.</param>
    internal Value State(string name, ElementType type, params Size[] shape) =>
        _packed?.Take(name, type, shape) ?? Builder.Input(Past + name, type, shape);

    /// <summary>The same part after this call.</summary>
    internal void NextState(string name, Value value, ElementType type, params Size[] shape)
    {
        if (_packed is null)
        {
            Builder.Output(Present + name, value, type, shape);
        }
        else
        {
            _packed.Put(name, value, type, shape);
        }
    }

    /// <summary>Ends the graph with the logits of the last positions: as many as the caller asks for, all if that is 0.</summary>
    /// <param name="hidden">(N, D).</param>
    /// <param name="width">D.</param>
    /// <param name="vocabulary">V.</param>
    /// <param name="head">Rows of hidden states to rows of logits.</param>
    internal Graph End(Value hidden, long width, long vocabulary, Func<Value, Value> head)
    {
        var last = Split(hidden, width).Slice(1, -_keep, Builder.Numbers(long.MaxValue));
        var logits = head(last.Reshape(-1, width)).Reshape(Value.Concat(0, _shape.Slice(0, 0, 1), Builder.Numbers(-1, vocabulary)));
        Builder.Output(Logits, logits, ElementType.Float, Batch, _packed is null ? "kept" : 1, vocabulary);
        _packed?.End();
        return Builder.Graph;
    }
}
