using Distil.Core.Errors;

namespace Distil.Inference.Generation;

/// <summary>Refuses prompts that a model cannot read.</summary>
internal static class PromptCheck
{
    /// <summary>Throws unless there is a token, and each is in the vocabulary.</summary>
    /// <exception cref="InvalidInputException">The prompt is empty, or a token is not in the vocabulary.</exception>
    internal static void Require(IReadOnlyList<int> prompt, int vocabularySize)
    {
        if (prompt.Count == 0)
        {
            throw new InvalidInputException("the prompt has no tokens; give it some text to continue");
        }

        foreach (var token in prompt)
        {
            Require(token, vocabularySize);
        }
    }

    /// <summary>Throws unless a token is in the vocabulary.</summary>
    /// <exception cref="InvalidInputException">It is not.</exception>
    internal static void Require(int token, int vocabularySize)
    {
        if (token < 0 || token >= vocabularySize)
        {
            throw new InvalidInputException(
                $"the prompt has token {token}; the model's vocabulary has {vocabularySize} tokens (is it another model's tokenizer?)");
        }
    }

    /// <summary>Throws if a text is too long for the model.</summary>
    /// <param name="tokens">Its tokens, those that are to be generated included.</param>
    /// <param name="most">Maximum number; null for any.</param>
    /// <exception cref="InvalidInputException">It is.</exception>
    internal static void RequireRoom(long tokens, int? most)
    {
        if (tokens > most)
        {
            throw new InvalidInputException(
                $"the text has {tokens} tokens; this model's attention reads at most {most} (max_position_embeddings in its config.json)");
        }
    }
}
