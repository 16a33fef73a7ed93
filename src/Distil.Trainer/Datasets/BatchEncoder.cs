using System.Runtime.ExceptionServices;
using Distil.Core.Tokenization;

namespace Distil.Trainer.Datasets;

/// <summary>Encodes the documents of a batch in parallel; reports progress inside a document too, because one may be as large as a file.</summary>
internal sealed class BatchEncoder(HuggingFaceTokenizer tokenizer)
{
    private const long CharactersBetweenReports = 1 << 20;

    /// <summary>Returns the ids of each document; none for an empty or faulty one.</summary>
    /// <param name="batch">The documents.</param>
    /// <param name="progress">Receives the share of the batch that is encoded, about every million characters, from one thread at a time.</param>
    /// <param name="cancel">Stops at the next word.</param>
    internal List<int>[] Encode(IReadOnlyList<Document> batch, Action<double> progress, CancellationToken cancel)
    {
        var encoded = new List<int>[batch.Count];
        var total = batch.Sum(document => document.Text?.Length ?? 0L);
        var (done, reported, reporting) = (0L, 0L, new Lock());
        try
        {
            Parallel.For(0, batch.Count, new ParallelOptions { CancellationToken = cancel }, i => encoded[i] = batch[i] switch
            {
                { IsEmpty: true } => [],
                { Ids: { } ids } => [.. ids],
                var document => tokenizer.Encode(document.Text!, Count, cancel),
            });
        }
        catch (AggregateException failed) when (failed.InnerExceptions is [var first, ..])
        {
            ExceptionDispatchInfo.Throw(first);
        }

        return encoded;

        void Count(int characters)
        {
            lock (reporting)
            {
                done += characters;
                if (done - reported >= CharactersBetweenReports)
                {
                    reported = done;
                    progress(done / (double)total);
                }
            }
        }
    }
}
