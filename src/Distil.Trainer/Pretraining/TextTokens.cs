using Distil.Core.Errors;
using Distil.Core.Tokenization;

namespace Distil.Trainer.Pretraining;

/// <summary>A text file as one stream of token ids, each document (a line) ended by the end-of-text token.</summary>
internal static class TextTokens
{
    /// <exception cref="InvalidInputException">The file cannot be read or contains no text.</exception>
    internal static int[] Read(string path, HuggingFaceTokenizer tokenizer)
    {
        var ids = new List<int>();
        try
        {
            foreach (var document in File.ReadLines(path).Where(line => !string.IsNullOrWhiteSpace(line)))
            {
                ids.AddRange(tokenizer.Encode(document));
                ids.Add(tokenizer.EndOfText);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path}: cannot be read: {error.Message}", error);
        }

        return ids.Count > 0 ? [.. ids] : throw new InvalidInputException($"{path}: has no text; expected a document a line");
    }
}
