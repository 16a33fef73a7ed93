using Distil.Trainer.Distillation.Divergences;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Trainer.Distillation;

/// <summary>The targets of the logits of n positions, with the weight of each position.</summary>
/// <param name="Labels">Next token of each position, (n) int64; any id if the position has none.</param>
/// <param name="CrossEntropyScale">Gradient of the weighted sum with respect to a position's CE, (n) float32; 0 where it has no label.</param>
/// <param name="Teacher">The teacher's outputs at the same positions; null without a teacher.</param>
/// <param name="KlScale">Gradient of the weighted sum with respect to a position's divergence, divided by T, (n) float32; 0 at padding.</param>
/// <param name="Temperature">T.</param>
/// <param name="Divergence">What stands for KL; by default forward KL itself.</param>
internal sealed record LogitTargets(
    Tensor Labels, Tensor CrossEntropyScale, TeacherTargets? Teacher, Tensor KlScale, double Temperature, Divergence Divergence = default)
{
    /// <summary>Returns the teacher's distributions at the step's temperature; null without a teacher.</summary>
    internal TemperedTargets? Tempered() => Teacher?.At(Temperature);

    /// <summary>Returns the targets of some of the positions, as views.</summary>
    internal LogitTargets Slice(long start, long length) => new(
        Labels.narrow(0, start, length),
        CrossEntropyScale.narrow(0, start, length),
        Teacher?.Slice(start, length),
        KlScale.narrow(0, start, length),
        Temperature,
        Divergence);
}

/// <summary>The losses of each position, unweighted, in nats; undefined at a position without a label or target.</summary>
/// <param name="CrossEntropy">(n) float32.</param>
/// <param name="Kl">The divergence, (n) float32; 0 without a teacher.</param>
internal readonly record struct PositionLosses(Tensor CrossEntropy, Tensor Kl)
{
    /// <summary>Returns the losses of some of the positions, as views.</summary>
    internal PositionLosses Slice(long start, long length) => new(CrossEntropy.narrow(0, start, length), Kl.narrow(0, start, length));

    /// <summary>Copies the values of other losses.</summary>
    internal void Copy(PositionLosses from)
    {
        CrossEntropy.copy_(from.CrossEntropy);
        Kl.copy_(from.Kl);
    }
}
