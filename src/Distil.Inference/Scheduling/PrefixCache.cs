using Distil.Inference.Engines;

namespace Distil.Inference.Scheduling;

/// <summary>States after token sequences that were read before: a prompt that continues one of them begins there. The least recently used one is dropped.</summary>
/// <remarks>A recurrent state cannot be shortened, so only a whole stored sequence can be resumed.</remarks>
internal sealed class PrefixCache(int capacity) : IDisposable
{
    private readonly LinkedList<(int[] Tokens, ISequenceState State)> _recent = [];

    /// <value>Number of stored states.</value>
    internal int Count => _recent.Count;

    /// <summary>Finds the longest stored sequence that a prompt begins with, leaving at least one token of the prompt to read.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="into">Becomes its state.</param>
    /// <returns>How many tokens of the prompt this state has read; 0 if there is none, and then <paramref name="into"/> is unchanged.</returns>
    internal int Restore(ReadOnlySpan<int> prompt, ISequenceState into)
    {
        LinkedListNode<(int[] Tokens, ISequenceState State)>? best = null;
        for (var node = _recent.First; node is not null; node = node.Next)
        {
            var tokens = node.Value.Tokens;
            if (tokens.Length < prompt.Length && tokens.Length > (best?.Value.Tokens.Length ?? 0) && prompt.StartsWith(tokens))
            {
                best = node;
            }
        }

        if (best is null)
        {
            return 0;
        }

        _recent.Remove(best);
        _recent.AddFirst(best);
        into.CopyFrom(best.Value.State);
        return best.Value.Tokens.Length;
    }

    /// <summary>Stores a copy of a state.</summary>
    /// <param name="tokens">All tokens that it has read.</param>
    /// <param name="state">The state.</param>
    internal void Store(ReadOnlySpan<int> tokens, ISequenceState state)
    {
        if (capacity == 0 || tokens.Length == 0)
        {
            return;
        }

        for (var node = _recent.First; node is not null; node = node.Next)
        {
            if (tokens.SequenceEqual(node.Value.Tokens))
            {
                _recent.Remove(node);
                _recent.AddFirst(node);
                return;
            }
        }

        ISequenceState copy;
        if (_recent.Count == capacity)
        {
            copy = _recent.Last!.Value.State; // its memory is used again
            _recent.RemoveLast();
            try
            {
                copy.CopyFrom(state);
            }
            catch
            {
                copy.Dispose();
                throw;
            }
        }
        else
        {
            copy = state.Fork();
        }

        _recent.AddFirst((tokens.ToArray(), copy));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, state) in _recent)
        {
            state.Dispose();
        }

        _recent.Clear();
    }
}
