using static TorchSharp.torch;

namespace Distil.Trainer.Distillation;

/// <summary>The head's losses and their gradient. All tensors are on the model's device; nothing here waits for the device.</summary>
/// <param name="CrossEntropy">Next-token loss, 0-d float64: mean over the positions whose next token is real. Nats.</param>
/// <param name="Kl">The divergence, by default KL(teacher_T ‖ student_T), 0-d float64: mean over the real positions, without the factor T². Nats. 0 without
/// targets.</param>
/// <param name="HiddenGradient">Gradient of the weighted sum with respect to the hidden states, (B, S, D), in their dtype.</param>
/// <param name="HeadGradient">Gradient of the weighted sum with respect to the head, (V, D) float32; null if it was not requested.</param>
public sealed record HeadLoss(Tensor CrossEntropy, Tensor Kl, Tensor HiddenGradient, Tensor? HeadGradient) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        CrossEntropy.Dispose();
        Kl.Dispose();
        HiddenGradient.Dispose();
        HeadGradient?.Dispose();
    }
}
