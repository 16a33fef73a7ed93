using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Models;

/// <summary>A student's shape with every default filled in and every division exact.</summary>
public sealed record StudentShape
{
    /// <value>D, the model width: the teacher's.</value>
    public required int Width { get; init; }

    /// <value>V: the teacher's.</value>
    public required int VocabularySize { get; init; }

    /// <value>Number of blocks.</value>
    public required int Blocks { get; init; }

    /// <value>Indices of the sLSTM blocks, ascending.</value>
    public required IReadOnlyList<int> SlstmAt { get; init; }

    /// <value>NH, heads of both block kinds.</value>
    public required int Heads { get; init; }

    /// <value>Width of the causal convolution.</value>
    public required int ConvKernel { get; init; }

    /// <value>Block size of the mLSTM's headwise q, k, v.</value>
    public required int QkvBlockSize { get; init; }

    /// <value>I, the mLSTM's inner width: a multiple of 64.</value>
    public required int InnerWidth { get; init; }

    /// <value>F, the width of the sLSTM block's feed-forward network: a multiple of 64.</value>
    public required int FeedForwardWidth { get; init; }

    /// <summary>Combines a specification's student with the teacher's sizes (method.md §2).</summary>
    /// <exception cref="InvalidInputException">Heads or q, k, v blocks do not divide the widths.</exception>
    public static StudentShape Of(StudentSpec spec, TeacherShape teacher)
    {
        var shape = new StudentShape
        {
            Width = teacher.HiddenSize,
            VocabularySize = teacher.VocabularySize,
            Blocks = spec.Blocks,
            SlstmAt = [.. spec.SlstmAt?.Order() ?? Enumerable.Range(0, spec.Blocks).Where(block => block % 2 == 0)],
            Heads = spec.Heads ?? RoundUp(teacher.Heads, 4),
            ConvKernel = spec.ConvKernel,
            QkvBlockSize = spec.QkvBlockSize,
            InnerWidth = ProjectedWidth(spec.ProjFactor, teacher.HiddenSize),
            FeedForwardWidth = ProjectedWidth(spec.FfnProjFactor, teacher.HiddenSize),
        };
        shape.RequireDivision(spec, teacher);
        return shape;
    }

    /// <summary>The width of an inner layer: a factor of the model width, rounded up to a multiple of 64.</summary>
    /// <param name="factor">The factor, &gt; 0.</param>
    /// <param name="width">D.</param>
    public static int ProjectedWidth(double factor, int width) => RoundUp(factor * width, 64);

    private void RequireDivision(StudentSpec spec, TeacherShape teacher)
    {
        if (Width % Heads != 0 || InnerWidth % Heads != 0)
        {
            var origin = spec.Heads is null ? $"is by default the teacher's {teacher.Heads} rounded up to {Heads}" : $"is {Heads}";
            throw new InvalidInputException(FieldError.Of(
                FieldPath.Parse("student.heads"),
                $"{origin}; expected a divisor of the teacher's width {Width} "
                + $"and of the mLSTM's inner width {InnerWidth}, for instance {BestHeads(teacher.Heads)}"));
        }

        if (InnerWidth % QkvBlockSize != 0)
        {
            throw new InvalidInputException(FieldError.Of(
                FieldPath.Parse("student.qkvBlockSize"), $"is {QkvBlockSize}; expected a divisor of the mLSTM's inner width {InnerWidth}"));
        }
    }

    // The divisor of both widths that is nearest to the teacher's heads.
    private int BestHeads(int near) =>
        Enumerable.Range(1, Width).Where(heads => Width % heads == 0 && InnerWidth % heads == 0).MinBy(heads => Math.Abs(heads - near));

    private static int RoundUp(double value, int multiple) => (int)(Math.Ceiling(value / multiple) * multiple);
}
