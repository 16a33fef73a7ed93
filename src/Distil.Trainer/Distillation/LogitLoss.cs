using Distil.Trainer.Kernels;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Trainer.Distillation;

/// <summary>A form of the losses of n positions.</summary>
/// <param name="Apply">Computes each position's losses from logits (n, V), which become the gradient of the weighted sum.</param>
/// <param name="ReadsHeadType">
/// Whether the logits have the element type of the head's weight, in rows <see cref="CudaLogitLoss.Stride"/> apart; else they are float32.
/// </param>
internal sealed record LogitLoss(Action<Tensor, LogitTargets, PositionLosses> Apply, bool ReadsHeadType)
{
    private static readonly LogitLoss Plain = new((logits, targets, losses) => losses.Copy(PlainLogitLoss.Apply(logits, targets)), ReadsHeadType: false);
    private static readonly LogitLoss Cpu = new((logits, targets, losses) => losses.Copy(CpuLogitLoss.Apply(logits, targets)), ReadsHeadType: false);
    private static readonly LogitLoss Cuda = new(CudaLogitLoss.Apply, ReadsHeadType: true);

    /// <summary>Chooses the form.</summary>
    /// <param name="backend">What is available.</param>
    /// <param name="type">Element type of the head's weight.</param>
    /// <param name="sizes">Sizes of the teacher's outputs; null without a teacher.</param>
    internal static Choice<LogitLoss> Choose(Backend backend, ScalarType type, TargetSizes? sizes) => backend.Choose(
        Operation.Head, type, Plain, new Candidate<LogitLoss>(Kernel.HeadCpu, Cpu), new Candidate<LogitLoss>(
            Kernel.HeadCuda, Cuda, () => CudaLogitLoss.Limit(sizes)));

    /// <summary>Memory for the logits of a chunk, (n, V).</summary>
    internal Tensor Buffer(long positions, Tensor headWeight)
    {
        var vocabulary = headWeight.shape[0];
        return ReadsHeadType
            ? empty([positions, CudaLogitLoss.Stride(vocabulary)], headWeight.dtype, headWeight.device).narrow(1, 0, vocabulary)
            : empty([positions, vocabulary], ScalarType.Float32, headWeight.device);
    }
}
