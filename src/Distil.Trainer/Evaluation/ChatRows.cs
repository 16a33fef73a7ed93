using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Trainer.Datasets;
using Distil.Trainer.Datasets.Chats;

namespace Distil.Trainer.Evaluation;

/// <summary>Rows of conversations to evaluate on, with masks, as a run makes them.</summary>
/// <param name="tokenizer">Encodes the texts.</param>
/// <param name="templateFolder">The folder with the chat template.</param>
/// <param name="chat">How rows are read as conversations, and which tokens count.</param>
/// <param name="contextLength">Maximum number of tokens in a row, ≥ 2.</param>
internal sealed class ChatRows(HuggingFaceTokenizer tokenizer, string templateFolder, ChatSpec chat, int contextLength)
{
    /// <value>Counts of the documents that were passed over.</value>
    internal DocumentCounts PassedOver { get; private set; } = new() { WithoutLabel = 0 };

    /// <summary>Reads the first rows of a file.</summary>
    /// <param name="path">JSONL or Parquet, by its name and content; also .gz or .zst.</param>
    /// <param name="maxRows">Maximum number of rows, ≥ 1.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">The file is missing, is text, or has a row that cannot be read or rendered; the folder has no template.</exception>
    internal IReadOnlyList<EvaluationRow> Read(string path, int maxRows, CancellationToken cancel)
    {
        var (documents, file) = Documents.Of(path, tokenizer.VocabularySize, chat);
        using var encoder = new ConversationEncoder(tokenizer, templateFolder, chat, contextLength);
        var rows = new List<EvaluationRow>();
        var packer = new ConversationPacker(
            row => rows.Add(new([.. row.Ids.Select(id => (long)id)], row.Counts)), contextLength, chat.Packing,
            tokenizer.HasEndOfText ? tokenizer.EndOfText : null);
        foreach (var document in documents.Read(file))
        {
            IReadOnlyList<EncodedText> texts = document.Chat is { } conversation ? encoder.Encode(conversation, cancel) : [];
            PassedOver = texts.Count > 0 ? PassedOver : document.CountPassedOver(PassedOver);
            foreach (var text in texts)
            {
                packer.Add(text);
            }

            if (rows.Count >= maxRows)
            {
                return rows[..maxRows];
            }
        }

        packer.Flush();
        return [.. rows.Take(maxRows)];
    }
}
