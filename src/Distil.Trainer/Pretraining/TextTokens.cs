using Distil.Core.Errors;
using Distil.Core.Tokenization;
using Distil.Trainer.Datasets;

namespace Distil.Trainer.Pretraining;

/// <summary>A file's documents as one stream of token ids, each between its beginning token, if texts have one, and the end-of-text token.</summary>
internal static class TextTokens
{
    /// <exception cref="InvalidInputException">The file cannot be read, its content contradicts its name, or it contains no text.</exception>
    internal static int[] Read(string path, HuggingFaceTokenizer tokenizer)
    {
        var ids = new List<int>();
        var (documents, file) = Documents.Of(path, tokenizer.VocabularySize);
        foreach (var document in documents.ReadUsable(file).Where(document => !document.IsEmpty))
        {
            // Documents begin and end as in a run.
            IReadOnlyList<int> own = document.Ids ?? (IReadOnlyList<int>)tokenizer.Encode(document.Text!);
            if (tokenizer.Beginning is { } beginning && own[0] != beginning)
            {
                ids.Add(beginning);
            }

            ids.AddRange(own);
            if (ids[^1] != tokenizer.EndOfText)
            {
                ids.Add(tokenizer.EndOfText);
            }
        }

        return ids.Count > 0 ? [.. ids] : throw new InvalidInputException($"{path}: has no text; expected a document a line");
    }
}
