using Distil.Core.Jobs;

namespace Distil.Trainer.Ranks;

/// <summary>Knows whether a process of a group has ended. Thread-safe.</summary>
internal sealed class RankWatch
{
    private readonly Lock _lock = new();
    private readonly List<Action> _actions = [];
    private volatile RankLostException? _loss;
    private bool _closed;

    /// <value>The first loss; null if all processes live.</value>
    internal RankLostException? Loss => _loss;

    /// <summary>Calls an action once, on any thread, if a process is lost.</summary>
    internal void OnLoss(Action action)
    {
        lock (_lock)
        {
            if (_loss is null)
            {
                _actions.Add(action);
                return;
            }
        }

        action();
    }

    /// <summary>Reports a loss; later ones are consequences of the first and are ignored.</summary>
    internal void Lose(JobFailure failure)
    {
        Action[] actions;
        lock (_lock)
        {
            if (_loss is not null || _closed)
            {
                return;
            }

            (_loss, actions) = (new RankLostException(failure), [.. _actions]);
        }

        Array.ForEach(actions, action => action());
    }

    /// <summary>Waits for a loss that explains a failure.</summary>
    /// <returns>The loss; null if there is none after the time.</returns>
    internal RankLostException? Await(TimeSpan time)
    {
        SpinWait.SpinUntil(() => _loss is not null, time);
        return _loss;
    }

    /// <summary>Ignores later losses: the processes are no longer needed.</summary>
    internal void Close()
    {
        lock (_lock)
        {
            _closed = true;
            _actions.Clear();
        }
    }

    /// <summary>Throws the first loss.</summary>
    internal void ThrowIfLost()
    {
        if (_loss is { } loss)
        {
            throw new RankLostException(loss.Failure);
        }
    }
}
