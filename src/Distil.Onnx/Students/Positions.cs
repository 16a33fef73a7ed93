using Distil.Core.Models;
using Distil.Onnx.Graphs;
using Distil.Onnx.Writing;

namespace Distil.Onnx.Students;

/// <summary>Where the positions of a call are in their texts: all sequences of a batch have read equally many.</summary>
internal sealed class Positions
{
    private const string State = "position";

    private readonly TextGraph _text;
    private readonly Value _cos, _sin;

    internal Positions(TextGraph text, TransformerConfig config)
    {
        _text = text;
        var read = text.State(State, ElementType.Int64, 1);
        text.NextState(State, read + text.Count.Unsqueeze(0), ElementType.Int64, 1);
        IsStart = read.Equal(text.Builder.Numbers(0));
        Read = read.Squeeze(0);
        Own = text.Builder.Range(Read, Read + text.Count);
        var frequencies = RotaryFrequencies.Of(config).Select(frequency => (float)frequency).ToArray();
        var angles = Own.Cast(ElementType.Float).Unsqueeze(1) * text.Builder.Floats(frequencies, 1, frequencies.Length);
        var both = Value.Concat(1, angles, angles); // (T, DH)
        (_cos, _sin) = (both.Cos(), both.Sin());
    }

    /// <value>Whether nothing has been read, (1).</value>
    internal Value IsStart { get; }

    /// <value>Number of tokens that were read before this call, a scalar.</value>
    internal Value Read { get; }

    /// <value>The positions of this call, (T), int64.</value>
    internal Value Own { get; }

    /// <summary>The positions from some before this call to its last, (count + T).</summary>
    internal Value From(long before) => _text.Builder.Range(Read - _text.Builder.Scalar(before), Read + _text.Count);

    /// <summary>Rotary embedding, with halves rotated as in Hugging Face (RoFormer, arXiv 2104.09864).</summary>
    /// <param name="heads">(B, heads, T, DH).</param>
    internal Value Rotate(Value heads)
    {
        var halves = heads.Split(3, 2);
        return heads * _cos + Value.Concat(3, -halves[1], halves[0]) * _sin;
    }
}
