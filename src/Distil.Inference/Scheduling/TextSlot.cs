using System.Runtime.InteropServices;
using System.Threading.Channels;
using Distil.Inference.Engines;
using Distil.Inference.Sampling;

namespace Distil.Inference.Scheduling;

/// <summary>A text that is being generated: its state, what it has still to read, and the stream of its tokens.</summary>
internal sealed class TextSlot(TextRequest request, CancellationToken cancel)
{
    private readonly Channel<TextToken> _tokens = Channel.CreateUnbounded<TextToken>(new() { SingleWriter = true, SingleReader = true });
    private readonly Sampler _sampler = new(request.Sampling);
    private readonly List<int> _read = [.. request.Prompt];
    private ISequenceState? _state;
    private int _done; // tokens of _read that the state has read
    private int _made;

    internal CancellationToken Cancel => cancel;

    internal ChannelReader<TextToken> Tokens => _tokens.Reader;

    /// <value>Tokens of the prompt that were restored instead of read.</value>
    internal int Restored { get; private set; }

    /// <value>Tokens that the state has still to read: the rest of the prompt, or the last chosen token.</value>
    internal int Pending => _read.Count - _done;

    private bool ChoosesHere => request.TopLogProbabilities is not null;

    /// <summary>Gives it a state, restored from the cache if that has a beginning of the prompt.</summary>
    /// <returns>Whether it got one; if there was no memory, it has ended.</returns>
    internal bool TryBegin(IStudentEngine engine, PrefixCache cache)
    {
        var prompt = CollectionsMarshal.AsSpan(_read);
        try
        {
            _state = engine.NewSequence();
            Restored = _done = cache.Restore(prompt, _state);
        }
        catch (Exception failure)
        {
            End(null, failure);
            return false;
        }

        _sampler.ReadPrompt(prompt);
        return true;
    }

    /// <summary>Takes the next token to read; the logits are wanted after the last one.</summary>
    internal StudentInput Next()
    {
        var token = _read[_done++];
        return new(_state!, token, WantsLogits: _done == _read.Count, ChoosesHere ? null : _sampler);
    }

    /// <summary>Chooses a token.</summary>
    /// <param name="engine">Has read its last token.</param>
    /// <param name="index">Which of the inputs that wanted logits that was.</param>
    /// <param name="measure">Computes probabilities.</param>
    /// <returns>Whether the text goes on.</returns>
    internal bool Choose(IStudentEngine engine, int index, LogProbabilityMeasure measure)
    {
        // The engine chooses where the logits are: they need not be copied, unless their probabilities are wanted.
        var logits = ChoosesHere ? engine.Logits(index) : default;
        var token = ChoosesHere ? _sampler.Next(logits) : engine.Choose(index);
        if (request.EndTokens.Contains(token))
        {
            return false;
        }

        _tokens.Writer.TryWrite(new(token, request.TopLogProbabilities is { } top ? measure.Of(logits, token, top) : null));
        _read.Add(token);
        return ++_made < request.MaxTokens;
    }

    /// <summary>Ends the text: stores its state, so that a longer prompt can resume there, and ends the stream.</summary>
    internal void End(PrefixCache? cache, Exception? failure = null)
    {
        try
        {
            if (_state is not null)
            {
                cache?.Store(_read.ToArray().AsSpan(0, _done), _state);
            }
        }
        finally
        {
            _state?.Dispose();
            _tokens.Writer.TryComplete(failure); // whatever happens: its reader waits
        }
    }
}
