using Distil.Core.Errors;
using Distil.Core.Tokenization;
using Distil.Trainer.Datasets;

namespace Distil.Trainer.Evaluation;

/// <summary>Rows of tokens to evaluate on, read one after the other.</summary>
public static class EvaluationRows
{
    /// <summary>Returns the first rows of a token-rows file.</summary>
    /// <param name="rows">The file, which must stay open while the result is read.</param>
    /// <param name="maxRows">Maximum number of rows.</param>
    public static IEnumerable<long[]> Of(TokenRows rows, long maxRows)
    {
        for (long row = 0; row < Math.Min(rows.Rows, maxRows); row++)
        {
            var ids = new long[rows.ContextLength];
            var real = rows.ReadRow(row, ids);
            yield return real == ids.Length ? ids : ids[..real];
        }
    }

    /// <summary>Returns the documents of a file, packed into rows as in training: texts end with the end-of-text token, and ids are separate rows.</summary>
    /// <param name="path">JSONL ({"text"} or {"ids"} per line), Parquet or one text per line, by its name and content; also .gz or .zst.</param>
    /// <param name="tokenizer">Encodes texts; it is not used for documents of ids, so that a folder without a tokenizer can be evaluated on ids.</param>
    /// <param name="vocabularySize">The model's vocabulary size.</param>
    /// <param name="contextLength">Maximum number of tokens in a row, ≥ 2.</param>
    /// <param name="passOver">Receives the documents that cannot be used, which are passed over as in a run.</param>
    /// <exception cref="InvalidInputException">The file is missing, or a line is malformed; the message names both.</exception>
    internal static IEnumerable<long[]> Of(
        string path, Lazy<HuggingFaceTokenizer> tokenizer, int vocabularySize, int contextLength, Action<Document> passOver)
    {
        var (documents, file) = Documents.Of(path, vocabularySize);
        return Pack(documents.Read(file).Where(IsUsable), tokenizer, contextLength);

        bool IsUsable(Document document)
        {
            if (document.Fault != DocumentFault.None)
            {
                passOver(document);
            }

            return document.Fault == DocumentFault.None && !document.IsEmpty;
        }
    }

    private static IEnumerable<long[]> Pack(IEnumerable<Document> documents, Lazy<HuggingFaceTokenizer> tokenizer, int contextLength)
    {
        var open = new List<long>(contextLength);
        foreach (var document in documents)
        {
            if (document.Ids is { } ids)
            {
                foreach (var row in ids.Chunk(contextLength))
                {
                    yield return [.. row.Select(id => (long)id)];
                }

                continue;
            }

            foreach (var id in tokenizer.Value.Encode(document.Text!).Append(tokenizer.Value.EndOfText))
            {
                open.Add(id);
                if (open.Count == contextLength)
                {
                    yield return [.. open];
                    open.Clear();
                }
            }
        }

        if (open.Count > 0)
        {
            yield return [.. open];
        }
    }
}
