using static TorchSharp.torch;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>A teacher's distributions at one temperature: kept tokens and one bucket for all others, whose masses sum to 1; and tokens drawn from the
/// bucket.</summary>
/// <param name="TokenIds">(N, K + m) int64, the draws last; an unused slot repeats the first.</param>
/// <param name="KeptLog">log q of each token, (N, K + m) float32; −inf if the slot is unused.</param>
/// <param name="TailLog">log of the bucket's mass, (N) float32; −inf if all tokens are kept.</param>
/// <param name="DrawWeights">Weights of the draws in sums over the tail, (N, m) float32, 0 if the slot is unused; null without draws.</param>
public sealed record TemperedTargets(Tensor TokenIds, Tensor KeptLog, Tensor TailLog, Tensor? DrawWeights = null)
{
    /// <value>m.</value>
    internal int Draws => (int)(DrawWeights?.shape[1] ?? 0);
}
