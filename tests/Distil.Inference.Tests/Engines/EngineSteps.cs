using Distil.Inference.Engines;
using Distil.Inference.Models;

namespace Distil.Inference.Tests.Engines;

/// <summary>What tests of the engine share: an engine of random weights, and a sequence that it reads token by token.</summary>
internal static class EngineSteps
{
    /// <value>A sequence inside the vocabulary of <see cref="RandomStudent.Small"/>.</value>
    internal static int[] Tokens { get; } = [.. Enumerable.Range(0, 41).Select(i => i * 31 % 203)];

    internal static StudentEngine Open(XlstmConfig config) => StudentEngine.Open(RandomStudent.Write(config), new() { Threads = 2 });

    /// <summary>The logits after each token, (V).</summary>
    internal static List<float[]> Steps(StudentEngine engine, IEnumerable<int> tokens)
    {
        using var state = engine.NewState();
        var logits = new List<float[]>();
        foreach (var token in tokens)
        {
            engine.Run([new(state, token, true)]);
            logits.Add(engine.Logits(0).ToArray());
        }

        return logits;
    }
}
