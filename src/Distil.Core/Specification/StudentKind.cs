namespace Distil.Core.Specification;

/// <summary>The kinds of student.</summary>
public enum StudentKind
{
    /// <summary>A new stack of sLSTM and mLSTM blocks between the teacher's embedding and head (Distil-xLSTM, arXiv 2503.18565).</summary>
    Xlstm,

    /// <summary>The teacher itself, with every attention replaced by an mLSTM, alone or mixed with attention over a window (arXiv 2603.15590).</summary>
    Linearised,
}

/// <summary>Marks a field that exists for one kind of student only; the reader refuses it for the other.</summary>
/// <param name="kind">The kind.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ForKindAttribute(StudentKind kind) : Attribute
{
    /// <value>The kind.</value>
    public StudentKind Kind => kind;
}

/// <summary>How queries and keys become the features that a linearised student's memory compares.</summary>
public enum FeatureMap
{
    /// <summary>softmax(u), as many features as a head has units.</summary>
    Softmax,

    /// <summary>softmax(u) and softmax(−u), twice as many (LoLCATs, arXiv 2410.10254).</summary>
    Both,
}
