using Distil.Trainer.Distillation;
using Distil.Trainer.Kernels;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Distillation;

/// <summary>Heads with the kernels of their device.</summary>
internal static class Heads
{
    internal static HeadLoss Compute(
        Tensor hidden, Tensor head, Tensor inputIds, Tensor? lengths, TeacherTargets? targets, LossWeights weights, int chunkPositions,
        bool headGradient = false) =>
        new DistillationHead(Backend.For(head.device), head.dtype, chunkPositions: chunkPositions).Compute(
            hidden, head, inputIds, lengths, targets, weights, headGradient);

    internal static TeacherTargets Sparse(Tensor final, Tensor head, ExtractionSettings settings, Tensor? lengths) =>
        new SparseOutputs(Backend.For(head.device), head.dtype, settings).Of(final, head, lengths);
}
