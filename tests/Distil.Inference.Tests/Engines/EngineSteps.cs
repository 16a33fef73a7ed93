using Distil.Inference.Engines;
using Distil.Inference.Models;

namespace Distil.Inference.Tests.Engines;

/// <summary>What tests of the engine share: an engine of random weights, and a sequence that it reads token by token.</summary>
internal static class EngineSteps
{
    /// <value>A sequence inside the vocabulary of <see cref="RandomStudent.Small"/>.</value>
    internal static int[] Tokens { get; } = [.. Enumerable.Range(0, 41).Select(i => i * 31 % 203)];

    /// <value>Names of students of each kind, for <see cref="Write"/>.</value>
    internal static TheoryData<string> Kinds => ["xlstm", "recurrent", "windowed", "hybrid"];

    internal static StudentEngine Open(XlstmConfig config) => StudentEngine.Open(RandomStudent.Write(config), new() { Threads = 2 });

    internal static StudentEngine Open(string kind) => StudentEngine.Open(Write(kind), new() { Threads = 2 });

    /// <summary>Writes a student.</summary>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="wide">Whether it is so large that threads share its work.</param>
    /// <param name="seed">Of its weights.</param>
    /// <returns>The folder.</returns>
    internal static string Write(string kind, bool wide = false, int seed = 1)
    {
        if (kind == "xlstm")
        {
            return RandomStudent.Write(wide ? RandomStudent.Small with { Width = 256, VocabularySize = 1003 } : RandomStudent.Small, seed);
        }

        var shape = LinearisedEngineTests.ShapeOf(kind);
        var transformer = shape.Transformer with { HiddenSize = 256, IntermediateSize = 500, HeadSize = 48, VocabularySize = 1003 };
        return RandomLinearised.Write(wide ? shape with { Transformer = transformer } : shape, seed);
    }

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
