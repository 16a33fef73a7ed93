using static TorchSharp.torch;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>A teacher's distributions at one temperature: kept tokens and one bucket for all others; their masses sum to 1.</summary>
/// <param name="TokenIds">(N, K) int64; an unused slot repeats the first.</param>
/// <param name="KeptLog">log q of each kept token, (N, K) float32; −inf if the slot is unused.</param>
/// <param name="TailLog">log of the bucket's mass, (N) float32; −inf if all tokens are kept.</param>
public sealed record TemperedTargets(Tensor TokenIds, Tensor KeptLog, Tensor TailLog);
