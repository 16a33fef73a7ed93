using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace Distil.Core.Specification;

/// <summary>The student's kind and shape. Width, vocabulary, embedding and head are the teacher's.</summary>
public sealed record StudentSpec : IPartlyWritten
{
    /// <summary>The longest window, and the largest number of sinks: decoding reserves memory for all of them at the start.</summary>
    public const int MaxWindow = 1 << 20;

    /// <value>A new stack of xLSTM blocks (the paper's, default), or the teacher with its attention replaced.</value>
    [AddedLater]
    public StudentKind Kind { get; init; }

    /// <value>Number of blocks, 1 to 10,000. Default 6, the paper's. Kind xlstm.</value>
    [Range(1.0, 10_000.0), ForKind(StudentKind.Xlstm)]
    public int Blocks { get; init; } = 6;

    /// <value>Indices of the sLSTM blocks; the others are mLSTM. Default: every second block from 0 (the paper's 0, 2, 4). Kind xlstm.</value>
    [Range(0.0, double.PositiveInfinity), ForKind(StudentKind.Xlstm)]
    public IReadOnlyList<int>? SlstmAt { get; init; }

    /// <value>Number of heads; must divide the width. Default: the teacher's, rounded up to a multiple of 4. Kind xlstm.</value>
    [Range(1.0, double.PositiveInfinity), ForKind(StudentKind.Xlstm)]
    public int? Heads { get; init; }

    /// <value>Width of the causal convolution, ≥ 1. Default 4. Kind xlstm.</value>
    [Range(1.0, double.PositiveInfinity), ForKind(StudentKind.Xlstm)]
    public int ConvKernel { get; init; } = 4;

    /// <value>Block size of the mLSTM's headwise q, k, v, ≥ 1. Default 32, as in the authors' published configuration. Kind xlstm.</value>
    [Range(1.0, double.PositiveInfinity), ForKind(StudentKind.Xlstm)]
    public int QkvBlockSize { get; init; } = 32;

    /// <value>The mLSTM's inner width divided by the model width, &gt; 0. Default 2. Kind xlstm.</value>
    [Range(0.0, double.PositiveInfinity, MinimumIsExclusive = true), ForKind(StudentKind.Xlstm)]
    public double ProjFactor { get; init; } = 2.0;

    /// <value>Width of the sLSTM block's feed-forward network divided by the model width, &gt; 0. Default 1.7, the authors' code's. Kind xlstm.</value>
    [Range(0.0, double.PositiveInfinity, MinimumIsExclusive = true), ForKind(StudentKind.Xlstm)]
    public double FfnProjFactor { get; init; } = 1.7;

    /// <value>Positions that attention covers beside the memory, the query's own included, up to 2²⁰; 0 for a purely recurrent student. Default: a quarter
    /// of the dataset's contextLength, at most 512 (arXiv 2603.15590). Kind linearised.</value>
    [Range(0.0, MaxWindow), ForKind(StudentKind.Linearised)]
    public int? Window { get; init; }

    /// <value>Positions at the start of the text that the window's attention always sees, 0 to 2²⁰. Default 4 (StreamingLLM, arXiv 2309.17453). Kind
    /// linearised.</value>
    [Range(0.0, MaxWindow), ForKind(StudentKind.Linearised)]
    public int Sinks { get; init; } = 4;

    /// <value>How queries and keys become features. Default softmax (LoLCATs, arXiv 2410.10254). Kind linearised.</value>
    [ForKind(StudentKind.Linearised)]
    public FeatureMap FeatureMap { get; init; }

    /// <value>Whether a learnt gate multiplies the memory's output. Default true: it lowered the loss in our measurement (docs/students.md). Kind
    /// linearised.</value>
    [ForKind(StudentKind.Linearised)]
    public bool OutputGate { get; init; } = true;

    /// <value>Where the gates start. Kind linearised.</value>
    [ForKind(StudentKind.Linearised)]
    public GateSpec Gates { get; init; } = new();

    /// <value>Indices of layers that keep the teacher's attention, whose cache grows with the text. Default: none. Kind linearised.</value>
    [Range(0.0, double.PositiveInfinity), ForKind(StudentKind.Linearised)]
    public IReadOnlyList<int> KeepAttention { get; init; } = [];

    /// <value>Whether embedding and head are trained too. Default false, as for the paper's student. Kind linearised.</value>
    [ForKind(StudentKind.Linearised)]
    public bool TrainEmbedding { get; init; }

    /// <inheritdoc/>
    public bool Writes(MemberInfo field) => field.GetCustomAttribute<ForKindAttribute>() is not { } only || only.Kind == Kind;
}
