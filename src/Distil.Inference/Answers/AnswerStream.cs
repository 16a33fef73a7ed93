using System.Runtime.CompilerServices;
using Distil.Inference.Generation;
using Distil.Inference.Scheduling;

namespace Distil.Inference.Answers;

/// <summary>Turns a text's tokens into pieces of text, ends them at stop texts and counts.</summary>
public sealed class AnswerStream
{
    private readonly StudentModel _model;
    private readonly AnswerRequest _request;

    internal AnswerStream(StudentModel model, AnswerRequest request) => (_model, _request) = (
        model, request with { MaxTokens = model.Scheduler.RoomAfter(request.Prompt.Count, request.MaxTokens) });

    /// <value>Number of tokens of the prompt.</value>
    public int PromptTokens => _request.Prompt.Count;

    /// <value>Number of tokens of the answer so far.</value>
    public int Tokens { get; private set; }

    /// <summary>Generates the pieces; the last one has a finish reason. To be called once.</summary>
    /// <param name="cancel">Ends the answer and frees its slot.</param>
    public async IAsyncEnumerable<AnswerPiece> PiecesAsync([EnumeratorCancellation] CancellationToken cancel = default)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var tokens = _model.Scheduler.Continue(
            new()
            {
                Prompt = _request.Prompt, Sampling = _request.Sampling, MaxTokens = _request.MaxTokens, EndTokens = _model.EndTokens,
                TopLogProbabilities = _request.TopLogProbabilities,
            },
            ended.Token);
        var (text, stops, held) = (new TextStream(_model.Tokenizer.Decode), new StopTexts(_request.Stops), new List<TextToken>());
        try
        {
            await foreach (var token in tokens)
            {
                Tokens++;
                held.Add(token);
                var piece = stops.Add(text.Add(token.Token));
                if (stops.Found)
                {
                    yield return new(piece, held, FinishReason.Stop);
                    yield break;
                }

                if (piece.Length > 0)
                {
                    yield return new(piece, held, null);
                    held = [];
                }
            }

            var rest = stops.Add(text.Flush());
            yield return stops.Found
                ? new(rest, held, FinishReason.Stop)
                : new(rest + stops.Flush(), held, Tokens == _request.MaxTokens ? FinishReason.Length : FinishReason.Stop);
        }
        finally
        {
            await ended.CancelAsync(); // frees the slot if the reader goes away, too
        }
    }
}

/// <summary>A piece of an answer.</summary>
/// <param name="Text">Text that is certain; may be empty.</param>
/// <param name="Tokens">The tokens that were chosen for it, with their probabilities if those were requested.</param>
/// <param name="FinishReason">Why the answer ends with this piece; null if it goes on.</param>
public sealed record AnswerPiece(string Text, IReadOnlyList<TextToken> Tokens, FinishReason? FinishReason);

/// <summary>Why an answer ends.</summary>
public enum FinishReason
{
    /// <summary>At a stop text or an end token.</summary>
    Stop,

    /// <summary>At the maximum number of tokens.</summary>
    Length,
}
