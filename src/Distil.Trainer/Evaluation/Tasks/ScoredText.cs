using Distil.Trainer.Tokenization;

namespace Distil.Trainer.Evaluation.Tasks;

/// <summary>Tokens whose last ones are scored, given those before.</summary>
/// <param name="Tokens">All of them, two or more.</param>
/// <param name="Scored">How many at the end are scored, ≥ 1.</param>
public sealed record ScoredText(IReadOnlyList<long> Tokens, int Scored)
{
    /// <summary>A continuation after a context, split as lm-evaluation-harness splits it.</summary>
    /// <remarks>Both are encoded together, so that no token ends where they meet unless text makes it; the context's spaces at its end count to the
    /// continuation. Behind an empty context the end-of-text token stands, as before any document.</remarks>
    public static ScoredText Of(HuggingFaceTokenizer tokenizer, string context, string continuation)
    {
        var before = context.TrimEnd();
        var whole = tokenizer.Encode(context + continuation).ConvertAll(id => (long)id);
        if (before.Length == 0)
        {
            whole.Insert(0, tokenizer.EndOfText);
            return new ScoredText(whole, whole.Count - 1);
        }

        // A vocabulary that merges the context's end with the choice leaves nothing after it: the last token is then the choice's.
        return new ScoredText(whole, Math.Max(1, whole.Count - tokenizer.Encode(before).Count));
    }

    /// <summary>The same with its beginning cut off where a model cannot hold it: the last token need not be read.</summary>
    /// <param name="longest">Tokens that a model can read.</param>
    public ScoredText Within(int longest) => Tokens.Count <= longest + 1
        ? this
        : new ScoredText([.. Tokens.Skip(Tokens.Count - longest - 1)], Math.Min(Scored, longest));
}
