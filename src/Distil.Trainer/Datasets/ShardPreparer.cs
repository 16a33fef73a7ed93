using System.Runtime.InteropServices;
using Distil.Core.Errors;
using Distil.Core.Runs;
using Distil.Trainer.Tokenization;

namespace Distil.Trainer.Datasets;

/// <summary>How far a preparation is.</summary>
/// <param name="BytesDone">Bytes of text read.</param>
/// <param name="BytesTotal">Bytes of text in the shard.</param>
/// <param name="Tokens">Tokens made, eval ones too.</param>
public sealed record PreparationProgress(long BytesDone, long BytesTotal, long Tokens);

/// <summary>Turns the text of one shard into rows of tokens to train on and rows held out.</summary>
/// <remarks>A document is held out by its own bytes alone, so the split is the same however the text is cut into shards.</remarks>
public sealed class ShardPreparer(HuggingFaceTokenizer tokenizer, DatasetSpec dataset)
{
    private const int BatchDocuments = 1024;
    private const int BatchBytes = 1 << 20;

    private readonly Documents _documents = new(dataset.Format, dataset.TextField, tokenizer.VocabularySize);

    /// <summary>Writes both files of a shard, or neither.</summary>
    /// <param name="shard">What it reads.</param>
    /// <param name="trainPath">Where the training rows go; the file may have no rows.</param>
    /// <param name="evalPath">Where the held-out rows go; the file may have no rows.</param>
    /// <param name="progress">Told after each megabyte or so.</param>
    /// <param name="cancel">Stops between two batches and leaves nothing.</param>
    /// <exception cref="InvalidInputException">A line is ill-formed, or ids are out of the vocabulary.</exception>
    public PreparedShard Prepare(
        ShardSource shard, string trainPath, string evalPath, IProgress<PreparationProgress>? progress = null, CancellationToken cancel = default)
    {
        using var train = new TokenRowsWriter(trainPath, dataset.ContextLength, tokenizer.VocabularySize);
        using var eval = new TokenRowsWriter(evalPath, dataset.ContextLength, tokenizer.VocabularySize);
        var trainRows = new RowPacker(train, dataset.ContextLength, tokenizer.EndOfText, shard.MaxTokens ?? long.MaxValue);
        var evalRows = new RowPacker(eval, dataset.ContextLength, tokenizer.EndOfText, long.MaxValue);
        long documents = 0, evalDocuments = 0, empty = 0, bytes = 0;
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
            Documents = documents, EvalDocuments = evalDocuments, EmptyDocuments = empty,
            Tokens = train.Tokens, EvalTokens = eval.Tokens, Rows = train.Rows, EvalRows = eval.Rows,
        };

        void Pack(IReadOnlyList<SourceRange> ranges, double evalShare)
        {
            foreach (var batch in Batches(ranges.SelectMany(_documents.Read)))
            {
                cancel.ThrowIfCancellationRequested();
                foreach (var (document, ids) in batch.Zip(Encode(batch)))
                {
                    bytes += document.Bytes + 1;
                    if (ids.Count == 0)
                    {
                        empty++;
                        continue;
                    }

                    var held = document.Position < evalShare;
                    if (!held && trainRows.IsFull)
                    {
                        return;
                    }

                    (held ? evalRows : trainRows).Add(CollectionsMarshal.AsSpan(ids), document.Ids is not null);
                    documents += held ? 0 : 1;
                    evalDocuments += held ? 1 : 0;
                }

                progress?.Report(new PreparationProgress(Math.Min(bytes, total), total, trainRows.Tokens + evalRows.Tokens));
            }
        }
    }

    private List<int>[] Encode(IReadOnlyList<Document> batch)
    {
        var encoded = new List<int>[batch.Count];
        Parallel.For(0, batch.Count, i => encoded[i] = batch[i] switch
        {
            { IsEmpty: true } => [],
            { Ids: { } ids } => [.. ids],
            var document => tokenizer.Encode(document.Text!),
        });
        return encoded;
    }

    /// <summary>Groups that are encoded side by side and packed in order, of bounded size.</summary>
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
