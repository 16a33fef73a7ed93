using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Trainer.Distillation;

/// <summary>What the logits of n positions are held against, and what each position weighs.</summary>
/// <param name="Labels">Next token of each position, (n) int64; any id where it has none.</param>
/// <param name="CrossEntropyScale">Gradient of the weighted sum with respect to a position's CE, (n) float32; 0 where it has no label.</param>
/// <param name="Teacher">The teacher's outputs at the same positions; null without one.</param>
/// <param name="KlScale">Gradient of the weighted sum with respect to a position's KL, over T, (n) float32; 0 at padding.</param>
/// <param name="Temperature">T.</param>
internal sealed record LogitTargets(Tensor Labels, Tensor CrossEntropyScale, TeacherTargets? Teacher, Tensor KlScale, double Temperature)
{
    /// <summary>The teacher at the step's temperature; null without one.</summary>
    internal TemperedTargets? Tempered() => Teacher?.At(Temperature);

    /// <summary>The targets of some of the positions, as views.</summary>
    internal LogitTargets Slice(long start, long length) => new(
        Labels.narrow(0, start, length),
        CrossEntropyScale.narrow(0, start, length),
        Teacher?.Slice(start, length),
        KlScale.narrow(0, start, length),
        Temperature);
}

/// <summary>Each position's own losses, unweighted, in nats; meaningless where the position has none.</summary>
/// <param name="CrossEntropy">(n) float32.</param>
/// <param name="Kl">(n) float32; 0 without a teacher.</param>
internal readonly record struct PositionLosses(Tensor CrossEntropy, Tensor Kl)
{
    /// <summary>The losses of some of the positions, as views.</summary>
    internal PositionLosses Slice(long start, long length) => new(CrossEntropy.narrow(0, start, length), Kl.narrow(0, start, length));

    /// <summary>Takes others' values.</summary>
    internal void Copy(PositionLosses from)
    {
        CrossEntropy.copy_(from.CrossEntropy);
        Kl.copy_(from.Kl);
    }
}
