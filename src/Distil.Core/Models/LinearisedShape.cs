using System.Text.Json.Serialization;
using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Models;

/// <summary>A linearised student: its teacher with every attention replaced by an mLSTM, alone or mixed with attention over a window.</summary>
public sealed record LinearisedShape
{
    /// <summary>The largest window that is chosen by default: longer ones cost more than they bring (Effective Distillation to Hybrid xLSTM,
    /// arXiv 2603.15590, uses 512).</summary>
    private const int DefaultWindow = 512;

    /// <value>The teacher's architecture, which the student inherits.</value>
    public required TransformerConfig Transformer { get; init; }

    /// <value>Number of positions in training; the student can read more.</value>
    public required int ContextLength { get; init; }

    /// <value>W, positions that the window of attention covers, the query's own included; 0 for no window.</value>
    public required int Window { get; init; }

    /// <value>n, positions at the start of the text that the window's attention always sees.</value>
    public int Sinks { get; init; }

    /// <value>How keys and queries become features.</value>
    public FeatureMap FeatureMap { get; init; }

    /// <value>Whether the memory's output is multiplied by a learnt gate.</value>
    public bool OutputGate { get; init; }

    /// <value>Layers that keep the teacher's attention, ascending.</value>
    public IReadOnlyList<int> KeepAttention { get; init; } = [];

    /// <value>Number of features of a query or key in a head.</value>
    [JsonIgnore]
    public int FeatureSize => FeatureMap == FeatureMap.Both ? 2 * Transformer.HeadSize : Transformer.HeadSize;

    /// <value>Number of layers whose attention is replaced.</value>
    [JsonIgnore]
    public int ReplacedLayers => Transformer.Layers - KeepAttention.Count;

    /// <summary>Whether a layer keeps the teacher's attention.</summary>
    public bool Keeps(int layer) => KeepAttention.Contains(layer);

    /// <summary>Combines a specification's student with its teacher.</summary>
    /// <param name="spec">The student, of kind linearised.</param>
    /// <param name="teacher">The teacher.</param>
    /// <param name="contextLength">Tokens in a row.</param>
    /// <exception cref="InvalidInputException">A kept layer does not exist, no layer is replaced, or the student cannot compute the teacher's layers.</exception>
    public static LinearisedShape Of(StudentSpec spec, TransformerConfig teacher, int contextLength)
    {
        var inherited = LinearisedTeacher.Of(teacher);
        for (var i = 0; i < spec.KeepAttention.Count; i++)
        {
            if (spec.KeepAttention[i] >= teacher.Layers)
            {
                throw new InvalidInputException(FieldError.Of(
                    FieldPath.Parse("student.keepAttention").Item(i),
                    $"is {spec.KeepAttention[i]}; expected an index below the number of the teacher's layers, {teacher.Layers}"));
            }
        }

        return spec.KeepAttention.Count < teacher.Layers
            ? new LinearisedShape
            {
                Transformer = inherited,
                ContextLength = contextLength,
                Window = spec.Window ?? Math.Min(DefaultWindow, contextLength / 4),
                Sinks = spec.Sinks,
                FeatureMap = spec.FeatureMap,
                OutputGate = spec.OutputGate,
                KeepAttention = [.. spec.KeepAttention.Order()],
            }
            : throw new InvalidInputException(FieldError.Of(
                FieldPath.Parse("student.keepAttention"), $"has all {teacher.Layers} layers of the teacher; expected fewer, since the others are replaced"));
    }
}
