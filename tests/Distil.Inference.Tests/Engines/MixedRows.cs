using Distil.Inference.Engines;
using Distil.Inference.Sampling;

namespace Distil.Inference.Tests.Engines;

/// <summary>Texts whose tokens are chosen in different ways, one after the other and together.</summary>
internal static class MixedRows
{
    private static readonly SamplingOptions?[] Choices =
    [
        null, new() { Seed = 3 }, new() { RepetitionPenalty = 1.3, PresencePenalty = 0.4, Seed = 4 }, SamplingOptions.Greedy,
        new() { Temperature = 1.5, TopK = 20, Seed = 5 }, new() { Temperature = 0, FrequencyPenalty = 1.5 }, new() { Temperature = 3, TopP = 1, MinP = 0.01, Seed = 6 },
    ];

    /// <summary>The texts, each alone in its passes, and all in the same passes.</summary>
    internal static (int[][] Alone, int[][] Together) Texts(IStudentEngine engine, int tokens)
    {
        int[] rows = [.. Enumerable.Range(0, Choices.Length)];
        return ([.. rows.Select(row => Continue(engine, [row], tokens)[0])], Continue(engine, rows, tokens));
    }

    private static int[][] Continue(IStudentEngine engine, int[] rows, int tokens)
    {
        var samplers = rows.Select(row => Choices[row] is { } options ? new Sampler(options) : null).ToArray();
        var (states, texts) = (rows.Select(_ => engine.NewSequence()).ToArray(), rows.Select(row => new List<int> { 11 + row }).ToArray());
        for (var i = 0; i < rows.Length; i++)
        {
            samplers[i]?.ReadPrompt([11 + rows[i]]);
        }

        for (var step = 0; step < tokens; step++)
        {
            engine.Run([.. rows.Select((_, i) => new StudentInput(states[i], texts[i][^1], true, samplers[i]))]);
            for (var i = 0; i < rows.Length; i++)
            {
                texts[i].Add(engine.Choose(i));
            }
        }

        Array.ForEach(states, state => state.Dispose());
        return [.. texts.Select(text => text.ToArray())];
    }
}
