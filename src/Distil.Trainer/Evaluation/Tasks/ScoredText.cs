using Distil.Core.Tokenization;

namespace Distil.Trainer.Evaluation.Tasks;

/// <summary>Tokens whose last ones are scored, given those before them.</summary>
/// <param name="Tokens">All tokens, two or more.</param>
/// <param name="Scored">Number of tokens at the end that are scored, ≥ 1.</param>
/// <param name="KeepsFirst">Whether the first token stays if a text is shortened, because the model expects it at the beginning.</param>
public sealed record ScoredText(IReadOnlyList<long> Tokens, int Scored, bool KeepsFirst = false)
{
    /// <summary>Creates a continuation after a context, split as in lm-evaluation-harness.</summary>
    /// <remarks>Both are encoded together, so that a token may span the boundary; spaces at the end of the context belong to the continuation. A text
    /// begins as the model's texts do; if they begin without a token, an empty context becomes the end-of-text token, as before any document.</remarks>
    public static ScoredText Of(HuggingFaceTokenizer tokenizer, string context, string continuation)
    {
        var before = context.TrimEnd();
        var whole = tokenizer.EncodePrompt(context + continuation).ConvertAll(id => (long)id);
        var keepsFirst = tokenizer.Beginning is not null;
        if (before.Length == 0)
        {
            if (!keepsFirst)
            {
                whole.Insert(0, tokenizer.EndOfText);
            }

            return new ScoredText(whole, whole.Count - 1, keepsFirst);
        }

        // If the vocabulary merges the end of the context with the choice, nothing is left after it: the last token then belongs to the choice.
        return new ScoredText(whole, Math.Max(1, whole.Count - tokenizer.EncodePrompt(before).Count), keepsFirst);
    }

    /// <summary>Returns the text with its beginning removed if a model cannot read all of it; the last token need not be read.</summary>
    /// <param name="longest">Maximum number of tokens that a model can read.</param>
    public ScoredText Within(int longest) => Tokens.Count <= longest + 1
        ? this
        : this with { Tokens = [KeepsFirst ? Tokens[0] : Tokens[^(longest + 1)], .. Tokens.Skip(Tokens.Count - longest)], Scored = Math.Min(Scored, longest) };
}
