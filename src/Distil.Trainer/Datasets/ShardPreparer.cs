using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Trainer.Datasets.Chats;
using Distil.Trainer.Datasets.Sources;

namespace Distil.Trainer.Datasets;

/// <summary>The progress of a preparation.</summary>
/// <param name="BytesDone">Bytes of the sources read, as stored.</param>
/// <param name="BytesTotal">Bytes of the sources in the shard, as stored.</param>
/// <param name="Tokens">Tokens produced, eval tokens included.</param>
public sealed record PreparationProgress(long BytesDone, long BytesTotal, long Tokens);

/// <summary>Turns the text of one shard into rows of tokens to train on and rows held out.</summary>
/// <remarks>A document's own bytes alone decide whether it is held out, so the split does not depend on how the text is cut into shards.</remarks>
/// <param name="tokenizer">Turns texts into tokens.</param>
/// <param name="dataset">The documents' format in the sources, and how they are split and packed.</param>
/// <param name="open">Opens sources; null opens them with the settings of the environment.</param>
/// <param name="modelFolder">The folder of the model whose chat template renders conversations; only they need it.</param>
internal sealed class ShardPreparer(HuggingFaceTokenizer tokenizer, DatasetSpec dataset, SourceOpener? open = null, string? modelFolder = null)
{
    private const int BatchDocuments = 1024;
    private const int BatchBytes = 1 << 20;

    private RowsForm Form => dataset.IsolateDocuments ? RowsForm.Documents : dataset.Chat is not null ? RowsForm.Masks : RowsForm.Ids;

    private readonly Documents _documents = new(
        dataset.Format, dataset.TextField, tokenizer.VocabularySize, open, new Separator(dataset.DocumentSeparator), dataset.Chat);

    /// <summary>Writes both files of a shard, or neither.</summary>
    /// <param name="shard">The ranges to read.</param>
    /// <param name="trainPath">File for the training rows; it may get no rows.</param>
    /// <param name="evalPath">File for the held-out rows; it may get no rows.</param>
    /// <param name="progress">Receives a report about every megabyte.</param>
    /// <param name="cancel">Stops at the next word; no file remains.</param>
    /// <exception cref="InvalidInputException">A file has changed since it was planned, is damaged, a line is not JSON, or ids are outside the vocabulary.</exception>
    public PreparedShard Prepare(
        ShardSource shard, string trainPath, string evalPath, IProgress<PreparationProgress>? progress = null, CancellationToken cancel = default)
    {
        using var train = new TokenRowsWriter(trainPath, dataset.ContextLength, tokenizer.VocabularySize, Form);
        using var eval = new TokenRowsWriter(evalPath, dataset.ContextLength, tokenizer.VocabularySize, Form);
        var (trainRows, evalRows) = (PackerFor(train, shard.MaxTokens ?? long.MaxValue), PackerFor(eval, long.MaxValue));
        using var chats = dataset.Chat is { } chat ? new ConversationEncoder(tokenizer, modelFolder!, chat, dataset.ContextLength) : null;
        var encoder = new BatchEncoder(tokenizer, chats);
        var counts = new DocumentCounts { WithoutLabel = chats is null ? null : 0 };
        long finished = 0;
        var total = shard.Ranges.Concat(shard.EvalRanges).Sum(range => range.End - range.Start);
        var heldShare = dataset.EvalSources.Count > 0 ? 0 : dataset.EvalFraction;

        Pack(shard.EvalRanges, evalShare: 1);
        Pack(shard.Ranges, heldShare);
        trainRows.Flush();
        evalRows.Flush();
        train.Complete();
        eval.Complete();
        return new PreparedShard
        {
            Documents = counts,
            Tokens = train.Tokens, EvalTokens = eval.Tokens, Rows = train.Rows, EvalRows = eval.Rows, Labels = train.Labels, EvalLabels = eval.Labels,
        };

        void Pack(IReadOnlyList<SourceRange> ranges, double evalShare)
        {
            foreach (var range in ranges)
            {
                if (trainRows.IsFull && evalShare < 1)
                {
                    return;
                }

                PackRange(range, evalShare);
                (open ?? SourceOpener.Local).RequireUnchanged(range); // it may have changed while it was read
                finished += range.End - range.Start;
            }
        }

        void PackRange(SourceRange range, double evalShare)
        {
            long before = 0;
            var (start, unlabelled) = (counts, (Conversation?)null);
            foreach (var batch in Batches(_documents.Read(range)))
            {
                cancel.ThrowIfCancellationRequested();
                var encoded = encoder.Encode(batch, share => Report(ReadAfter(before + (long)(share * (batch[^1].Read - before)))), cancel);
                foreach (var (document, texts) in batch.Zip(encoded))
                {
                    var held = document.Position < evalShare;
                    if (texts.Count > 0 && texts.TakeWhile((held ? evalRows : trainRows).Add).Count() == 0)
                    {
                        Report(total); // nothing more is read
                        return;
                    }

                    counts = Count(counts, document, held, texts);
                    unlabelled ??= texts.Count == 0 ? document.Chat : null;
                }

                before = batch[^1].Read;
                Report(ReadAfter(before));
            }

            if (unlabelled is not null && counts.Trained + counts.HeldOut == start.Trained + start.HeldOut && IsWhole(range))
            {
                throw unlabelled.Error(
                    $"{Document.Unlabelled}, and neither has any of the file's {counts.WithoutLabel - start.WithoutLabel} conversations; expected answers of an assistant");
            }
        }

        long ReadAfter(long bytes) => Math.Min(finished + bytes, total);

        void Report(long bytes) => progress?.Report(new PreparationProgress(bytes, total, trainRows.Tokens + evalRows.Tokens));
    }

    private IRowPacker PackerFor(TokenRowsWriter rows, long maxTokens) => dataset.Chat is { } chat
        ? new ConversationPacker(
            rows.WriteRow, dataset.ContextLength, chat.Packing, tokenizer.HasEndOfText ? tokenizer.EndOfText : null, maxTokens)
        : new RowPacker(rows.WriteRow, dataset.ContextLength, () => tokenizer.EndOfText, () => tokenizer.Beginning, maxTokens);

    private static bool IsWhole(SourceRange range) => range.Start == 0 && range.FileBytes is { } bytes && range.End >= bytes;

    private DocumentCounts Count(DocumentCounts counts, Document document, bool held, IReadOnlyList<EncodedText> texts)
    {
        var longer = counts.LongerThanRow + (texts.Any(text => text.Tokens.Ids.Length > dataset.ContextLength) ? 1 : 0);
        return document switch
        {
            _ when texts.Count == 0 => document.CountPassedOver(counts),
            _ when held => counts with { HeldOut = counts.HeldOut + 1, LongerThanRow = longer },
            _ => counts with { Trained = counts.Trained + 1, LongerThanRow = longer },
        };
    }

    /// <summary>Groups of bounded size; the documents of a group are encoded in parallel and packed in order.</summary>
    private static IEnumerable<List<Document>> Batches(IEnumerable<Document> documents)
    {
        var batch = new List<Document>();
        long bytes = 0;
        foreach (var document in documents)
        {
            batch.Add(document);
            bytes += document.Bytes;
            if (batch.Count == BatchDocuments || bytes >= BatchBytes)
            {
                yield return batch;
                (batch, bytes) = ([], 0);
            }
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }
}
