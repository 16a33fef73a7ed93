namespace Distil.Core.Pipeline;

/// <summary>How often a failing activity is called, and with which delays. Invalid input is never retried.</summary>
/// <param name="Attempts">Maximum number of calls, ≥ 1.</param>
/// <param name="Delays">The delays between the calls.</param>
public sealed record RetryPolicy(int Attempts, Backoff Delays)
{
    /// <value>For activities that only use storage: two to three minutes, in addition to the storage client's own retries. They are cheap, and an outage of
    /// storage is transient.</value>
    public static RetryPolicy Storage { get; } = new(Attempts: 12, new Backoff(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30)));

    /// <value>For activities that call a job platform: about half a minute. The platform retries by itself, and a job that cannot be started should be
    /// reported soon.</value>
    public static RetryPolicy Jobs { get; } = new(Attempts: 6, new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15)));
}
