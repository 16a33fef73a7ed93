using Distil.Core.Errors;
using Distil.Inference.Sampling;

namespace Distil.Inference.Generation;

/// <summary>Continues a text token by token, from the model's own state: a student's recurrent state or a teacher's KV cache.</summary>
public sealed class Generator(ITextModel model)
{
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
        int[] next = prompt;
        for (var made = 1; ; made++)
        {
            cancel.ThrowIfCancellationRequested();
            var token = sampler.Next(text.Read(next, cancel));
            if (token == endOfText)
            {
                yield break;
            }

            yield return token;
            if (made == maxTokens)
            {
                yield break;
            }

            next = made == 1 ? [token] : next;
            next[0] = token;
        }
    }
}
