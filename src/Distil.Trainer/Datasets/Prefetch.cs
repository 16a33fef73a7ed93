using System.Collections.Concurrent;

namespace Distil.Trainer.Datasets;

/// <summary>Produces the items of a sequence on a separate thread, in order, one item ahead of their use.</summary>
/// <remarks>Unused items are disposed. If the sequence throws, the error is thrown in place of the item.</remarks>
internal sealed class Prefetch<T> : IDisposable
    where T : IDisposable
{
    private readonly BlockingCollection<T> _ready = new(boundedCapacity: 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private readonly Action? _endWaits;
    private Exception? _error;

    /// <param name="items">The sequence.</param>
    /// <param name="endWaits">Ends a wait of the sequence for its next item, if it may wait for what this thread does.</param>
    public Prefetch(IEnumerable<T> items, Action? endWaits = null)
    {
        _endWaits = endWaits;
        _thread = new Thread(() => Produce(items)) { IsBackground = true, Name = "prefetch" };
        _thread.Start();
    }

    /// <summary>Returns each item once; the caller disposes them.</summary>
    public IEnumerable<T> Items()
    {
        foreach (var item in _ready.GetConsumingEnumerable())
        {
            yield return item;
        }

        if (_error is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(_error);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _stop.Cancel();
        _endWaits?.Invoke();
        _thread.Join();
        while (_ready.TryTake(out var item))
        {
            item.Dispose();
        }
        _ready.Dispose();
        _stop.Dispose();
    }

    private void Produce(IEnumerable<T> items)
    {
        try
        {
            foreach (var item in items)
            {
                if (!TryAdd(item))
                {
                    return;
                }
            }
        }
        catch (Exception error)
        {
            _error = error; // thrown to the consumer
        }
        finally
        {
            _ready.CompleteAdding();
        }
    }

    private bool TryAdd(T item)
    {
        try
        {
            _ready.Add(item, _stop.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            item.Dispose();
            return false;
        }
    }
}
