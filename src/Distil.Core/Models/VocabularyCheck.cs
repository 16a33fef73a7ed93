using Distil.Core.Errors;

namespace Distil.Core.Models;

/// <summary>Whether a tokenizer fits a model.</summary>
public static class VocabularyCheck
{
    /// <summary>Refuses a tokenizer with ids for which the model has no embedding. A smaller one is accepted: models round their vocabulary up.</summary>
    /// <param name="tokenizer">Path of the tokenizer, for the message.</param>
    /// <param name="tokenizerSize">The largest id that it can return, plus one.</param>
    /// <param name="model">Path of the model, for the message.</param>
    /// <param name="modelSize">V.</param>
    /// <exception cref="InvalidInputException">The tokenizer's vocabulary is larger.</exception>
    public static void RequireFits(string tokenizer, long tokenizerSize, string model, int modelSize)
    {
        if (tokenizerSize > modelSize)
        {
            throw new InvalidInputException(
                $"{tokenizer}: has ids up to {tokenizerSize - 1}; the model {model} (vocab_size {modelSize}) allows at most {modelSize - 1}");
        }
    }
}
