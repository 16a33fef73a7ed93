namespace Distil.Inference.Parallelism;

/// <summary>Threads that share the parts of one piece of work after another, without allocating.</summary>
/// <remarks>
/// A worker spins shortly for the next piece, because a token has some twenty of them, and then sleeps. The caller waits only for workers that have joined a
/// piece: on a busy machine a worker that gets no processor is not waited for.
/// </remarks>
internal sealed class WorkerTeam : IDisposable
{
    // Work for some microseconds: waking the others for less costs more than it saves.
    private const long WorthSharing = 1 << 17;
    private const int Spins = 4_000;

    private readonly Lock _one = new();
    private readonly object _door = new();
    private readonly Thread[] _workers;
    private IWork? _work;
    private Exception? _failure;
    private int _parts;
    private int _next;
    private int _active;   // those who are in the current piece, the caller included; nobody joins at 0
    private int _piece;    // number of the current piece
    private int _sleeping;
    private volatile bool _ended;

    /// <param name="threads">Number of threads, the caller included, ≥ 1.</param>
    internal WorkerTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _workers = new Thread[threads - 1];
        for (var i = 0; i < _workers.Length; i++)
        {
            _workers[i] = new Thread(Work) { IsBackground = true, Name = $"distil-inference-{i + 1}" };
            _workers[i].Start();
        }
    }

    /// <value>Number of threads, the caller included.</value>
    internal int Threads => _workers.Length + 1;

    /// <value>Number of workers that sleep now.</value>
    internal int Sleeping => Volatile.Read(ref _sleeping);

    /// <summary>Whether work that reads so many bytes is worth sharing.</summary>
    internal bool Shares(long bytes) => _workers.Length > 0 && bytes >= WorthSharing;

    /// <summary>Does every part; returns when all are done. One caller at a time.</summary>
    /// <param name="work">The work.</param>
    /// <param name="parts">Number of its parts.</param>
    /// <param name="bytes">Bytes that all parts read: the caller does small work alone.</param>
    internal void Run(IWork work, int parts, long bytes)
    {
        if (parts == 1 || !Shares(bytes))
        {
            for (var part = 0; part < parts; part++)
            {
                work.Do(part);
            }

            return;
        }

        lock (_one)
        {
            (_work, _parts, _next, _failure) = (work, parts, 0, null);
            Volatile.Write(ref _active, 1);
            Interlocked.Increment(ref _piece);
            Wake();
            Share();
            Interlocked.Decrement(ref _active);
            for (var spin = new SpinWait(); Volatile.Read(ref _active) > 0;)
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }

            if (_failure is { } failure)
            {
                throw new InvalidOperationException($"a part of the work failed: {failure.Message}", failure);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended = true;
        lock (_door)
        {
            Monitor.PulseAll(_door);
        }

        foreach (var worker in _workers)
        {
            worker.Join();
        }
    }

    private void Work()
    {
        for (var seen = 0; Await(seen);)
        {
            if (Join())
            {
                seen = Volatile.Read(ref _piece);
                Share();
                Interlocked.Decrement(ref _active);
            }
            else
            {
                seen = Volatile.Read(ref _piece);
            }
        }
    }

    // Enters the current piece unless everybody has left it.
    private bool Join()
    {
        for (var active = Volatile.Read(ref _active); active > 0;)
        {
            var found = Interlocked.CompareExchange(ref _active, active + 1, active);
            if (found == active)
            {
                return true;
            }

            active = found;
        }

        return false;
    }

    private void Share()
    {
        try
        {
            for (int part; (part = Interlocked.Increment(ref _next) - 1) < _parts;)
            {
                _work!.Do(part);
            }
        }
        catch (Exception failure)
        {
            _failure = failure;
            Volatile.Write(ref _next, _parts);
        }
    }

    private bool Await(int seen)
    {
        for (var i = 0; i < Spins; i++)
        {
            if (_ended || Volatile.Read(ref _piece) != seen)
            {
                return !_ended;
            }

            Thread.SpinWait(8);
        }

        lock (_door)
        {
            Interlocked.Increment(ref _sleeping);
            while (!_ended && Volatile.Read(ref _piece) == seen)
            {
                Monitor.Wait(_door);
            }

            Interlocked.Decrement(ref _sleeping);
        }

        return !_ended;
    }

    private void Wake()
    {
        if (Volatile.Read(ref _sleeping) > 0)
        {
            lock (_door)
            {
                Monitor.PulseAll(_door);
            }
        }
    }
}
