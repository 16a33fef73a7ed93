namespace Distil.Cli.Engine;

/// <summary>Runs one pipeline's code in turns: the continuations that a turn causes run in the order in which they were caused, and nothing runs between
/// turns.</summary>
/// <remarks>The order of a pipeline's calls therefore follows from the order of its events alone, and a replay makes the same calls.</remarks>
/// <param name="strayed">Called if pipeline code awaits something that is not its context's.</param>
internal sealed class PipelineLoop(Action strayed) : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();
    private volatile int _turning; // a managed thread id; none is 0

    /// <value>Whether the caller is pipeline code.</value>
    internal bool IsTurning => _turning == Environment.CurrentManagedThreadId;

    /// <inheritdoc />
    public override void Post(SendOrPostCallback d, object? state)
    {
        if (IsTurning)
        {
            _posted.Enqueue((d, state));
        }
        else
        {
            strayed();
        }
    }

    /// <inheritdoc />
    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("pipeline code never blocks");

    /// <inheritdoc />
    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Runs an action and everything that it causes; returns when the pipeline waits.</summary>
    internal void Turn(Action action)
    {
        var outer = Current;
        SetSynchronizationContext(this);
        _turning = Environment.CurrentManagedThreadId;
        try
        {
            action();
            while (_posted.TryDequeue(out var next))
            {
                next.Callback(next.State);
            }
        }
        finally
        {
            _turning = 0;
            SetSynchronizationContext(outer);
        }
    }
}
