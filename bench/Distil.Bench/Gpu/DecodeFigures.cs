using Distil.Trainer.Evaluation;

namespace Distil.Bench.Gpu;

/// <summary>Tokens a second of the student's recurrent decoding, by batch and context, and the bytes of its state.</summary>
internal static class DecodeFigures
{
    internal static void Measure()
    {
        using var student = new PaperStudent(512);
        foreach (var batch in new[] { 1, 8, 64 })
        {
            foreach (var context in new[] { 512, 8192, 65536 })
            {
                var measured = new DecodeBenchmark(new() { Batch = batch, Tokens = 128, PrefillTokens = 4096 / Math.Min(batch, 8) })
                    .Measure(student.Model, context);
                Figure.Say($"decode, batch {batch}, context {context}", new
                {
                    ms = Math.Round(1e3 * batch / measured.TokensPerSecond, 3), tokens_per_s = Math.Round(measured.TokensPerSecond), batch, context,
                    state_mib = Math.Round(measured.StateBytes / 1048576.0, 1),
                });
            }
        }
    }
}
