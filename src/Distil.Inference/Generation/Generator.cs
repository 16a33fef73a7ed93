using Distil.Core.Errors;
using Distil.Inference.Sampling;

namespace Distil.Inference.Generation;

/// <summary>Continues a text token by token, from the model's own state: a student's recurrent state or a teacher's KV cache.</summary>
public sealed class Generator(ITextModel model)
{
    // Tokens that a model chooses by itself in one call: more hide the call's latency no better, and show a text in larger pieces.
    private const int Piece = 8;

    /// <summary>Returns new tokens, each as soon as it is chosen.</summary>
    /// <param name="prompt">At least one token, each inside the vocabulary.</param>
    /// <param name="options">How a token is chosen.</param>
    /// <param name="maxTokens">Maximum number of new tokens, ≥ 0.</param>
    /// <param name="endOfText">Token that ends the text and is not returned; null if none does.</param>
    /// <param name="cancel">Checked before each token.</param>
    /// <exception cref="InvalidInputException">The prompt is empty or contains a token outside the model's vocabulary.</exception>
    public IEnumerable<int> Continue(
        IReadOnlyList<int> prompt, SamplingOptions options, int maxTokens, int? endOfText = null, CancellationToken cancel = default)
    {
        PromptCheck.Require(prompt, model.VocabularySize);
        return Tokens([.. prompt], new Sampler(options), maxTokens, endOfText, cancel);
    }

    private IEnumerable<int> Tokens(int[] prompt, Sampler sampler, int maxTokens, int? endOfText, CancellationToken cancel)
    {
        if (maxTokens < 1)
        {
            yield break;
        }

        sampler.ReadPrompt(prompt);
        using var text = model.Begin();
        for (var (made, next) = (0, prompt); made < maxTokens;)
        {
            cancel.ThrowIfCancellationRequested();
            next = text is IChoosingTextReader reader
                ? [.. reader.Continue(next, sampler, Math.Min(Math.Min(Piece, reader.MaxCount), maxTokens - made), cancel)]
                : [sampler.Next(text.Read(next, cancel))];
            foreach (var token in next)
            {
                if (token == endOfText)
                {
                    yield break;
                }

                yield return token;
                made++;
            }

            next = next[^1..];
        }
    }
}
