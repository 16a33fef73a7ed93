namespace Distil.Inference.Scheduling;

/// <summary>Counts of a scheduler, for monitoring. Totals since its start.</summary>
public sealed class SchedulerFigures
{
    private long _tokensRead;
    private long _tokensMade;
    private long _tokensRestored;
    private long _texts;
    private long _passes;
    private int _slots;
    private int _waiting;

    /// <value>Tokens that passes read.</value>
    public long TokensRead => Interlocked.Read(ref _tokensRead);

    /// <value>Tokens that were chosen.</value>
    public long TokensMade => Interlocked.Read(ref _tokensMade);

    /// <value>Tokens of prompts whose state was cached.</value>
    public long TokensRestored => Interlocked.Read(ref _tokensRestored);

    /// <value>Texts that got a slot.</value>
    public long Texts => Interlocked.Read(ref _texts);

    /// <value>Passes of the engine.</value>
    public long Passes => Interlocked.Read(ref _passes);

    /// <value>Texts that are being generated now.</value>
    public int Slots => Volatile.Read(ref _slots);

    /// <value>Texts that wait now.</value>
    public int Waiting => Volatile.Read(ref _waiting);

    internal void Admitted(int restored)
    {
        Interlocked.Increment(ref _texts);
        Interlocked.Add(ref _tokensRestored, restored);
    }

    internal void Passed(int read, int made)
    {
        Interlocked.Increment(ref _passes);
        Interlocked.Add(ref _tokensRead, read);
        Interlocked.Add(ref _tokensMade, made);
    }

    internal void Now(int slots, int waiting)
    {
        Volatile.Write(ref _slots, slots);
        Volatile.Write(ref _waiting, waiting);
    }
}
