using Distil.Inference.Cuda;
using Distil.Inference.Engines;
using Distil.Inference.Matrices;
using Distil.Inference.Sampling;

namespace Distil.Inference.CudaEngines;

/// <summary>A student on a card beside the engine on the CPU, its plain form, with the same weights: large matrices in bfloat16.</summary>
/// <param name="folder">The student's folder.</param>
/// <param name="platform">The card.</param>
internal sealed class CudaComparison(string folder, CudaPlatform platform) : IDisposable
{
    private readonly StudentEngine _engine = StudentEngine.Open(folder, new() { Weights = WeightFormat.BFloat16 });
    private readonly CudaStudent _student = CudaStudent.Open(folder, platform);

    /// <summary>‖card − CPU‖ / ‖CPU‖ of the logits after each token of a sequence; NaN if one is not a number.</summary>
    internal double Difference(ReadOnlySpan<int> tokens)
    {
        using var text = _student.Begin();
        using var state = _engine.NewState();
        var (off, size) = (0.0, 0.0);
        foreach (var token in tokens)
        {
            _engine.Run([new(state, token, WantsLogits: true)]);
            var actual = text.Read([token], CancellationToken.None);
            var expected = _engine.Logits(0);
            for (var i = 0; i < expected.Length; i++)
            {
                off += Math.Pow(actual[i] - (double)expected[i], 2);
                size += Math.Pow(expected[i], 2);
            }
        }

        return Math.Sqrt(off / size);
    }

    /// <summary>How many tokens the card and the CPU choose alike, greedily, before the first that differs.</summary>
    /// <param name="first">The sequence's first token.</param>
    /// <param name="count">Most tokens.</param>
    internal int EqualTokens(int first, int count)
    {
        int[] Chosen(Generation.ITextModel model) =>
            [.. new Generation.Generator(model).Continue([first], SamplingOptions.Greedy, count)];
        var (expected, actual) = (Chosen(_engine), Chosen(_student));
        return expected.Zip(actual).TakeWhile(pair => pair.First == pair.Second).Count();
    }

    /// <summary>How many tokens the card draws as a sampler on the CPU draws them from the card's logits, before the first that differs: one by one beside a greedy
    /// sequence, and several in a call.</summary>
    /// <param name="options">How tokens are chosen.</param>
    /// <param name="first">The sequence's first token.</param>
    /// <param name="count">Most tokens.</param>
    internal int EqualDraws(SamplingOptions options, int first, int count)
    {
        using CudaBatch pair = new(_student, 2), alone = new(_student, 1);
        var (greedy, single, several, expected) = (new Sampler(SamplingOptions.Greedy), new Sampler(options), new Sampler(options), new Sampler(options));
        Array.ForEach([single, several, expected], sampler => sampler.ReadPrompt([first]));
        List<int> tokens = [first];
        while (tokens.Count <= count)
        {
            var token = pair.Choose([tokens[^1], tokens[^1]], 1, greedy, single)[1];
            if (token != expected.Next(pair.Logits(0))) // both sequences have the same logits, and no penalty changes the first one's
            {
                return tokens.Count - 1;
            }

            tokens.Add(token);
        }

        for (var done = 0; done < count;)
        {
            foreach (var token in alone.Choose([tokens[done]], options.Penalizes ? 1 : Math.Min(8, count - done), several))
            {
                if (token != tokens[++done])
                {
                    return done - 1;
                }
            }
        }

        return count;
    }

    /// <summary>Whether a sequence among others gets the same bits as alone, and read token by token the same as in pieces.</summary>
    /// <param name="tokens">The sequence.</param>
    /// <param name="sequences">Number of sequences.</param>
    internal bool IsAloneAmongOthers(ReadOnlySpan<int> tokens, int sequences)
    {
        using CudaBatch alone = new(_student, 1), together = new(_student, sequences);
        var (own, rows) = (sequences - 1, new int[tokens.Length * sequences]);
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = i % sequences == own ? tokens[i / sequences] : (i * 31 + 7) % _student.VocabularySize;
        }

        alone.Read(tokens[..^1]);
        for (var t = 0; t < tokens.Length - 1; t++)
        {
            together.Read(rows.AsSpan(t * sequences, sequences));
        }

        var chosen = alone.Choose(tokens[^1..], 8).ToArray();
        var others = together.Choose(rows.AsSpan(rows.Length - sequences), 8);
        for (var step = 0; step < chosen.Length; step++)
        {
            if (others[step * sequences + own] != chosen[step])
            {
                return false;
            }
        }

        return alone.Logits(0).SequenceEqual(together.Logits(own));
    }

    /// <summary>How many greedy tokens are equal with the recorded graph and launched kernel by kernel, before the first that differs, and whether the states
    /// after them are.</summary>
    /// <param name="count">Most tokens, a multiple of 50.</param>
    /// <param name="sequences">Number of sequences.</param>
    internal (int Tokens, bool States) Replayed(int count, int sequences)
    {
        using CudaBatch replayed = new(_student, sequences), launched = new(_student, sequences) { UsesGraphs = false };
        int[] next = [.. Enumerable.Range(1, sequences)];
        for (var done = 0; done < count; done += 50)
        {
            var (a, b) = (replayed.Choose(next, 50).ToArray(), launched.Choose(next, 50).ToArray());
            if (!a.AsSpan().SequenceEqual(b))
            {
                return (done, false);
            }

            next = a[^sequences..];
        }

        return (count, replayed.States().AsSpan().SequenceEqual(launched.States()));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _engine.Dispose();
        _student.Dispose();
    }
}
