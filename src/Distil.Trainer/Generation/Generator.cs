using Distil.Core.Errors;
using Distil.Trainer.Models;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Generation;

/// <summary>Continues a text token by token, from the model's own state: a student's recurrent state or a teacher's KV cache.</summary>
public sealed class Generator(ILanguageModel model)
{
    /// <summary>Tokens of a long prompt read in one call.</summary>
    private const int PrefillTokens = 512;

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
        if (prompt.Count == 0)
        {
            throw new InvalidInputException("the prompt has no tokens; give it some text to continue");
        }

        foreach (var id in prompt)
        {
            if (id < 0 || id >= model.VocabularySize)
            {
                throw new InvalidInputException(
                    $"the prompt has token {id}; the model's vocabulary has {model.VocabularySize} tokens (is it another model's tokenizer?)");
            }
        }

        return Tokens(prompt, new Sampler(options), maxTokens, endOfText, cancel);
    }

    private IEnumerable<int> Tokens(IReadOnlyList<int> prompt, Sampler sampler, int maxTokens, int? endOfText, CancellationToken cancel)
    {
        using var state = model.StartDecoding(1);
        var logits = Array.Empty<float>();
        for (var read = 0; read < prompt.Count && maxTokens > 0; read += PrefillTokens)
        {
            cancel.ThrowIfCancellationRequested();
            logits = Step([.. prompt.Skip(read).Take(PrefillTokens).Select(id => (long)id)], state);
        }

        for (var made = 0; made < maxTokens; made++)
        {
            cancel.ThrowIfCancellationRequested();
            var token = sampler.Next(logits);
            if (token == endOfText)
            {
                yield break;
            }

            yield return token;
            if (made + 1 < maxTokens)
            {
                logits = Step([token], state);
            }
        }
    }

    private float[] Step(long[] ids, IDecodingState state)
    {
        using var pause = NoGcRegion.Begin();
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var hidden = model.Decode(tensor(ids, 1, ids.Length).to(model.Device), state);                     // (1, D)
        var logits = hidden.to_type(model.HeadWeight.dtype).matmul(model.HeadWeight.t()).to_type(float32); // (1, V)
        return logits.cpu().data<float>().ToArray();
    }
}
