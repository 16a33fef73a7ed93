namespace Distil.Cli.Tests.Engine;

/// <summary>A clock that a test advances. Timers of up to 50 ms fire at once, because only long waits are of interest.</summary>
internal sealed class ManualTime : TimeProvider
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);
    private readonly Lock _gate = new();
    private readonly List<Waiting> _waiting = [];
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch;
    private bool _freely;

    /// <summary>A clock on which every timer fires at once.</summary>
    public static ManualTime Free() => new() { _freely = true };

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            var timer = new Waiting(this, callback, state, _now + dueTime, dueTime);
            if (dueTime <= Short || _freely)
            {
                _now += dueTime > TimeSpan.Zero ? dueTime : TimeSpan.Zero;
            }
            else
            {
                _waiting.Add(timer);
            }

            if (!_waiting.Contains(timer))
            {
                ThreadPool.QueueUserWorkItem(_ => callback(state));
            }

            return timer;
        }
    }

    public void Advance(TimeSpan by)
    {
        lock (_gate)
        {
            _now += by;
        }

        FireDue();
    }

    /// <summary>Makes every timer fire at once from now on.</summary>
    public void AdvanceFreely()
    {
        lock (_gate)
        {
            _freely = true;
            _now = _waiting.Select(timer => timer.Due).Append(_now).Max();
        }

        FireDue();
    }

    /// <summary>Waits until a timer with this delay, within a tenth, is waiting.</summary>
    public async Task WaitForTimerAsync(TimeSpan length, CancellationToken cancel)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_waiting.Exists(timer => (timer.Length - length).Duration() < length / 10))
                {
                    return;
                }
            }

            await Task.Delay(5, cancel);
        }
    }

    private void FireDue()
    {
        List<Waiting> due;
        lock (_gate)
        {
            due = _waiting.FindAll(timer => timer.Due <= _now);
            _waiting.RemoveAll(due.Contains);
        }

        foreach (var timer in due)
        {
            timer.Callback(timer.State);
        }
    }

    private sealed record Waiting(ManualTime Of, TimerCallback Callback, object? State, DateTimeOffset Due, TimeSpan Length) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => false;

        public void Dispose()
        {
            lock (Of._gate)
            {
                Of._waiting.RemoveAll(timer => ReferenceEquals(timer, this));
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
