using System.Runtime.InteropServices;
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

    /// <summary>Returns the documents of a file, packed into rows as a run packs them.</summary>
    /// <param name="path">JSONL ({"text"} or {"ids"} per line), Parquet or one text per line, by its name and content; also .gz or .zst.</param>
    /// <param name="tokenizer">Encodes texts and ends documents; it is not used for documents of ids that are whole rows, so that a folder without a
    /// tokenizer can be evaluated on them.</param>
    /// <param name="vocabularySize">The model's vocabulary size.</param>
    /// <param name="contextLength">Maximum number of tokens in a row, ≥ 2.</param>
    /// <param name="passOver">Receives the documents that cannot be used, which are passed over as in a run.</param>
    /// <param name="isolate">Whether each document of a row becomes a row, as with dataset.isolateDocuments.</param>
    /// <exception cref="InvalidInputException">The file is missing, or a line is malformed; the message names both.</exception>
    internal static IEnumerable<long[]> Of(
        string path, Lazy<HuggingFaceTokenizer> tokenizer, int vocabularySize, int contextLength, Action<Document> passOver, bool isolate = false)
    {
        var (documents, file) = Documents.Of(path, vocabularySize);
        return Pack(documents.Read(file).Where(IsUsable), tokenizer, contextLength, isolate);

        bool IsUsable(Document document)
        {
            if (document.Fault != DocumentFault.None)
            {
                passOver(document);
            }

            return document.Fault == DocumentFault.None && !document.IsEmpty;
        }
    }

    private static IEnumerable<long[]> Pack(IEnumerable<Document> documents, Lazy<HuggingFaceTokenizer> tokenizer, int contextLength, bool isolate)
    {
        var rows = new Queue<long[]>();
        var packer = new RowPacker(Write, contextLength, () => tokenizer.Value.EndOfText, () => tokenizer.Value.Beginning);
        foreach (var document in documents)
        {
            var ids = document.Ids ?? CollectionsMarshal.AsSpan(tokenizer.Value.Encode(document.Text!));
            packer.Add(ids, document.Ids is not null);
            while (rows.TryDequeue(out var row))
            {
                yield return row;
            }
        }

        packer.Flush();
        while (rows.TryDequeue(out var row))
        {
            yield return row;
        }

        void Write(LabelledTokens row)
        {
            foreach (var document in isolate ? LabelledTokens.Documents(row.Starts!) : [Range.All])
            {
                rows.Enqueue(Array.ConvertAll(row.Ids[document], id => (long)id));
            }
        }
    }
}
