using System.Runtime.ExceptionServices;
using Distil.Core.Tokenization;
using Distil.Trainer.Datasets.Chats;

namespace Distil.Trainer.Datasets;

/// <summary>Encodes the documents of a batch in parallel; reports progress inside a document too, because one may be as large as a file.</summary>
/// <param name="tokenizer">Encodes texts.</param>
/// <param name="chats">Renders and encodes conversations; null if there are none.</param>
internal sealed class BatchEncoder(HuggingFaceTokenizer tokenizer, ConversationEncoder? chats = null)
{
    private const long CharactersBetweenReports = 1 << 20;

    /// <summary>Returns the texts of each document: one, or none for an empty or faulty one; of a conversation perhaps several.</summary>
    /// <param name="batch">The documents.</param>
    /// <param name="progress">Receives the share of the batch that is encoded, about every million characters, from one thread at a time.</param>
    /// <param name="cancel">Stops at the next word.</param>
    internal IReadOnlyList<EncodedText>[] Encode(IReadOnlyList<Document> batch, Action<double> progress, CancellationToken cancel)
    {
        var encoded = new IReadOnlyList<EncodedText>[batch.Count];
        var total = batch.Sum(document => document.Text?.Length ?? 0L);
        var (done, reported, reporting) = (0L, 0L, new Lock());
        try
        {
            Parallel.For(0, batch.Count, new ParallelOptions { CancellationToken = cancel }, i => encoded[i] = batch[i] switch
            {
                { IsEmpty: true } => [],
                { Ids: { } ids } => [new(new(ids), AreGiven: true)],
                { Chat: { } chat } => chats!.Encode(chat, cancel),
                var document => OfText(document.Text!),
            });
        }
        catch (AggregateException failed) when (failed.InnerExceptions is [var first, ..])
        {
            ExceptionDispatchInfo.Throw(first);
        }

        return encoded;

        IReadOnlyList<EncodedText> OfText(string text) => tokenizer.Encode(text, Count, cancel) is { Count: > 0 } ids ? [new(new([.. ids]))] : [];

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
