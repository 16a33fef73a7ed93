using Distil.Core.Errors;
using Distil.Inference.Engines;
using Distil.Inference.Generation;
using Distil.Inference.Sampling;

namespace Distil.Inference.Scheduling;

/// <summary>Generates several texts at once with one engine (continuous batching): each pass has a row for every text, and pieces of new prompts besides.</summary>
/// <remarks>A text joins and leaves between two passes. Its tokens do not depend on the other texts.</remarks>
public sealed class TextScheduler : IAsyncDisposable
{
    private readonly IStudentEngine _engine;
    private readonly SchedulerOptions _options;
    private readonly PrefixCache _cache;
    private readonly LogProbabilityMeasure _measure = new();
    private readonly Queue<TextSlot> _waiting = [];
    private readonly List<TextSlot> _slots = [];
    private readonly StudentInput[] _inputs;
    private readonly TextSlot[] _chosen;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly Task _loop;
    private bool _ending;

    /// <param name="engine">The engine, which is used by nobody else.</param>
    /// <param name="options">Limits.</param>
    /// <exception cref="InvalidInputException">A limit is out of its range.</exception>
    public TextScheduler(IStudentEngine engine, SchedulerOptions options)
    {
        if (options.Slots < 1 || options.Slots > engine.MaxRows)
        {
            throw new InvalidInputException($"slots is {options.Slots}; expected 1 to {engine.MaxRows}, the rows of a pass");
        }

        (_engine, _options, _cache) = (engine, options, new(options.CachedStates));
        (_inputs, _chosen) = (new StudentInput[engine.MaxRows], new TextSlot[engine.MaxRows]);
        _loop = Task.Factory.StartNew(Loop, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <value>Figures for monitoring.</value>
    public SchedulerFigures Figures { get; } = new();

    /// <summary>How many tokens a text may get: as many as are wanted, or as many as the model can still read.</summary>
    /// <param name="promptTokens">Tokens of its prompt.</param>
    /// <param name="wanted">Tokens that are wanted, ≥ 1.</param>
    /// <exception cref="InvalidInputException">There is no room after the prompt.</exception>
    public int RoomAfter(int promptTokens, int wanted)
    {
        PromptCheck.RequireRoom(promptTokens + 1L, _engine.MaxPositions);
        return _engine.MaxPositions is { } most ? Math.Min(wanted, most - promptTokens) : wanted;
    }

    /// <summary>Continues a text.</summary>
    /// <param name="request">The text.</param>
    /// <param name="cancel">Ends the text and frees its slot after the current pass.</param>
    /// <returns>Its tokens, each as soon as it is chosen.</returns>
    /// <exception cref="InvalidInputException">The prompt is empty, a token is not in the vocabulary, an option is out of its range, or the model cannot read so
    /// many tokens.</exception>
    /// <exception cref="SchedulerBusyException">Too many texts wait, or the scheduler is ending.</exception>
    public IAsyncEnumerable<TextToken> Continue(TextRequest request, CancellationToken cancel)
    {
        PromptCheck.Require(request.Prompt, _engine.VocabularySize);
        PromptCheck.RequireRoom((long)request.Prompt.Count + request.MaxTokens, _engine.MaxPositions);
        var slot = new TextSlot(request, cancel);
        lock (_lock)
        {
            if (_ending || _waiting.Count >= _options.MaxWaiting + _options.Slots - _slots.Count)
            {
                throw new SchedulerBusyException(_ending ? "the server is ending" : $"{_waiting.Count} requests wait already");
            }

            _waiting.Enqueue(slot);
        }

        _arrived.Release();
        return slot.Tokens.ReadAllAsync(cancel);
    }

    /// <summary>Refuses new texts, finishes those that were accepted, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _ending = true;
        }

        _arrived.Release();
        await _loop;
        _cache.Dispose();
        _arrived.Dispose();
    }

    private void Loop()
    {
        while (Admit())
        {
            try
            {
                Pass();
            }
            catch (Exception failure)
            {
                // The texts of this pass cannot go on; the next ones can.
                EndAll(failure);
            }
        }
    }

    /// <summary>Fills free slots; waits if there is no text.</summary>
    /// <returns>Whether there is one; false at the end.</returns>
    private bool Admit()
    {
        for (; ; _arrived.Wait())
        {
            RemoveCancelled();
            lock (_lock)
            {
                while (_slots.Count < _options.Slots && _waiting.TryDequeue(out var slot))
                {
                    if (slot.Cancel.IsCancellationRequested)
                    {
                        slot.End(null);
                        continue;
                    }

                    if (!slot.TryBegin(_engine, _cache))
                    {
                        continue;
                    }

                    Figures.Admitted(slot.Restored);
                    _slots.Add(slot);
                }

                Figures.Now(_slots.Count, _waiting.Count);
                if (_slots.Count > 0 || _ending)
                {
                    return _slots.Count > 0;
                }
            }
        }
    }

    private void Pass()
    {
        var (count, wanted) = (0, 0);
        // Every text gets a row before a long prompt gets the rest.
        var spare = _inputs.Length - _slots.Count;
        foreach (var slot in _slots)
        {
            var take = Math.Min(slot.Pending, 1 + spare);
            spare -= take - 1;
            for (var i = 0; i < take; i++)
            {
                _inputs[count] = slot.Next();
                if (_inputs[count++].WantsLogits)
                {
                    _chosen[wanted++] = slot;
                }
            }
        }

        _engine.Run(_inputs.AsSpan(0, count));
        for (var i = 0; i < wanted; i++)
        {
            if (!_chosen[i].Choose(_engine, i, _measure))
            {
                _slots.Remove(_chosen[i]);
                _chosen[i].End(_cache);
            }
        }

        Figures.Passed(count, wanted);
    }

    private void RemoveCancelled()
    {
        for (var i = _slots.Count - 1; i >= 0; i--)
        {
            if (_slots[i].Cancel.IsCancellationRequested)
            {
                _slots[i].End(null);
                _slots.RemoveAt(i);
            }
        }
    }

    private void EndAll(Exception failure)
    {
        foreach (var slot in _slots)
        {
            slot.End(null, failure);
        }

        _slots.Clear();
    }
}
