using Distil.Core.Specification;
using Distil.Trainer.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Distillation.Alignment;

/// <summary>The third term of the Δ-distillation loss: the distance between the hidden states of student and teacher. Autograd records it.</summary>
public sealed class HiddenStateAlignment(AlignmentSpec spec)
{
    /// <value>Whether <see cref="Loss"/> is used. It needs only the mean of the teacher's layers, which is stored with its outputs.</value>
    public bool NeedsMeanHidden => spec.Kind != AlignmentKind.None && !NeedsLayers;

    /// <value>Whether <see cref="LayerLoss"/> is used. It needs every teacher layer, and so a teacher that runs in each step.</value>
    public bool NeedsLayers => spec.Kind == AlignmentKind.Frobenius && spec.Reduction != FrobeniusReduction.Paper;

    /// <summary>Computes the loss from the mean of the teacher's layers, unweighted.</summary>
    /// <param name="studentFinal">The student's hidden states after its final norm, (B, S, D).</param>
    /// <param name="teacherMean">Mean of the teacher's layers without the embedding output, (B, S, D).</param>
    /// <param name="lengths">(B), int64: real tokens of each row; or (B, S), float32: 1 at each position that counts. Null if all are real.</param>
    /// <returns>0-d.</returns>
    public Tensor Loss(Tensor studentFinal, Tensor teacherMean, Tensor? lengths = null)
    {
        if (!NeedsMeanHidden)
        {
            throw new InvalidOperationException($"alignment {spec.Kind}/{spec.Reduction} does not use the mean of the teacher's layers");
        }
        using var scope = NewDisposeScope();
        var mask = MaskOf(lengths, studentFinal);
        var loss = spec.Kind == AlignmentKind.Cosine
            ? CosineAlignment.Loss(studentFinal, teacherMean, mask)
            : FrobeniusAlignment.Paper(studentFinal, teacherMean, mask);
        return loss.MoveToOuterDisposeScope();
    }

    /// <summary>Computes the loss between layers, unweighted.</summary>
    /// <param name="studentBlocks">Output of each block, n × (B, S, D).</param>
    /// <param name="teacherLayers">Output of each layer without the embedding output, L × (B, S, D).</param>
    /// <param name="lengths">(B), int64: real tokens of each row; or (B, S), float32: 1 at each position that counts. Null if all are real.</param>
    /// <returns>0-d.</returns>
    public Tensor LayerLoss(IReadOnlyList<Tensor> studentBlocks, IReadOnlyList<Tensor> teacherLayers, Tensor? lengths = null)
    {
        if (!NeedsLayers)
        {
            throw new InvalidOperationException($"alignment {spec.Kind}/{spec.Reduction} does not compare layers");
        }
        using var scope = NewDisposeScope();
        var mask = MaskOf(lengths, studentBlocks[0]);
        var loss = spec.Reduction switch
        {
            FrobeniusReduction.Average => FrobeniusAlignment.Average(studentBlocks, teacherLayers, mask),
            FrobeniusReduction.Ratio => FrobeniusAlignment.Ratio(studentBlocks, teacherLayers, mask),
            _ => FrobeniusAlignment.BlockWise(studentBlocks, teacherLayers, mask),
        };
        return loss.MoveToOuterDisposeScope();
    }

    /// <summary>The weight of some rows' loss in that of all rows of a micro-batch, so that the losses of all parts add up to it. Not for the reductions
    /// average and ratio, whose norm is over all rows at once.</summary>
    /// <param name="rows">Their share of the rows.</param>
    /// <param name="positions">Their share of the positions that count.</param>
    internal double ShareOf(double rows, double positions) => spec.Kind == AlignmentKind.Cosine ? positions : rows * Math.Sqrt(positions);

    private static Tensor? MaskOf(Tensor? lengths, Tensor state) => lengths is null ? null : PaddingMask.Of(lengths, state.shape[^2]);
}
