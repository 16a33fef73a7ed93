using Distil.Core.Errors;
using static TorchSharp.torch;

namespace Distil.Trainer.Distillation.Alignment;

/// <summary>Frobenius distance between student and teacher hidden states: the paper's form and the three forms of the authors' code.</summary>
/// <remarks>
/// Sources: Distil-xLSTM, arXiv 2503.18565; github.com/thiomajid/distil_xlstm, optim/loss.py. Every form is divided by the root of the number of elements
/// compared. A mask (B, S) of 1 and 0 excludes padding from the norm and from that number.
/// </remarks>
internal static class FrobeniusAlignment
{
    /// <summary>Mean over the batch of ‖teacher mean − student‖_F over √(B·S·D).</summary>
    /// <param name="student">Final hidden state, (B, S, D).</param>
    /// <param name="teacherMean">Mean of the teacher's layers, (B, S, D).</param>
    /// <param name="mask">(B, S), or null if all positions are real.</param>
    internal static Tensor Paper(Tensor student, Tensor teacherMean, Tensor? mask) =>
        Norm(Masked(teacherMean - student, mask), -1, -2).mean() / RootElements(student, mask, 1);

    /// <summary>The authors' <c>average</c>: compares student block i with the mean of teacher layers i, i + n, i + 2n, …, in one norm over
    /// everything.</summary>
    /// <remarks>The stride follows from the code's reshape of concatenated layers; the number of teacher layers must be a multiple of the number of
    /// blocks.</remarks>
    /// <param name="student">Output of each block, n × (B, S, D).</param>
    /// <param name="teacher">Output of each layer (without the embedding), L × (B, S, D).</param>
    /// <param name="mask">(B, S), or null if all positions are real.</param>
    internal static Tensor Average(IReadOnlyList<Tensor> student, IReadOnlyList<Tensor> teacher, Tensor? mask)
    {
        if (teacher.Count % student.Count != 0)
        {
            throw new InvalidInputException(
                $"distillation.alignment.reduction average needs a multiple of the student's {student.Count} blocks as teacher layers; "
                + $"the teacher has {teacher.Count}");
        }

        var targets = student.Select((_, i) => MeanOf(teacher.Where((_, layer) => layer % student.Count == i)));
        return Norm(Differences(student, targets, mask), 0, 1, 2, 3) / RootElements(student[0], mask, student.Count);
    }

    /// <summary>The authors' <c>ratio</c>: compares student block i with the mean of its group of teacher layers; the loss is the mean of the blocks'
    /// norms.</summary>
    /// <inheritdoc cref="Average" path="/param"/>
    internal static Tensor Ratio(IReadOnlyList<Tensor> student, IReadOnlyList<Tensor> teacher, Tensor? mask) =>
        Norm(Differences(student, Groups(student, teacher), mask), 1, 2, 3).mean() / RootElements(student[0], mask, student.Count);

    /// <summary>The authors' <c>block_wise</c>: as <see cref="Ratio"/>, with a norm for each block and sequence.</summary>
    /// <remarks>Their code requires as many layers as blocks; more layers are grouped as in <see cref="Ratio"/>, which gives the same result if theirs is
    /// defined.</remarks>
    /// <inheritdoc cref="Average" path="/param"/>
    internal static Tensor BlockWise(IReadOnlyList<Tensor> student, IReadOnlyList<Tensor> teacher, Tensor? mask) =>
        Norm(Differences(student, Groups(student, teacher), mask), -1, -2).mean() / RootElements(student[0], mask, student.Count);

    /// <summary>Splits the teacher's layers into as many consecutive groups as there are blocks; the last group gets the remainder.</summary>
    private static IEnumerable<Tensor> Groups(IReadOnlyList<Tensor> student, IReadOnlyList<Tensor> teacher)
    {
        var size = teacher.Count / student.Count;
        if (size == 0)
        {
            throw new InvalidInputException(
                $"student.blocks is {student.Count}; alignment by blocks needs at most the teacher's {teacher.Count} layers");
        }
        return student.Select((_, i) => MeanOf(teacher.Skip(i * size).Take(i == student.Count - 1 ? teacher.Count : size)));
    }

    private static Tensor MeanOf(IEnumerable<Tensor> layers) => stack(layers, 0).mean([0L]);          // (B, S, D)

    private static Tensor Differences(IReadOnlyList<Tensor> student, IEnumerable<Tensor> targets, Tensor? mask) =>
        Masked(stack(targets, 0) - stack(student, 0), mask);                                          // (n, B, S, D)

    private static Tensor Masked(Tensor difference, Tensor? mask) => mask is null ? difference : difference * mask.unsqueeze(-1);

    private static Tensor Norm(Tensor values, params long[] dims) => linalg.vector_norm(values, 2, dims);

    /// <remarks>Filled on the device: copying a number there would wait for all work on the device.</remarks>
    private static Tensor RootElements(Tensor state, Tensor? mask, long states) =>
        mask is null ? full([], Math.Sqrt((double)state.numel() * states), ScalarType.Float32, state.device)
                     : (mask.sum().clamp_min(1) * (state.shape[^1] * states)).sqrt();
}
