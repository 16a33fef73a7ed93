namespace Distil.Core.Pipeline;

/// <summary>How often a failing activity is called, and with which delays. Invalid input is never retried.</summary>
/// <param name="Attempts">Calls in all, ≥ 1.</param>
/// <param name="FirstPause">Delay before the second call; each further delay is twice the one before.</param>
/// <param name="LongestPause">Upper limit of the delays.</param>
public sealed record RetryPolicy(int Attempts, TimeSpan FirstPause, TimeSpan LongestPause)
{
    /// <value>For activities that only use storage: about three minutes, in addition to the storage client's own retries. They are cheap, and an outage of
    /// storage is transient.</value>
    public static RetryPolicy Storage { get; } = new(Attempts: 12, TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));

    /// <value>For activities that call a job platform: about half a minute. The platform retries by itself, and a job that cannot be started should be
    /// reported soon.</value>
    public static RetryPolicy Jobs { get; } = new(Attempts: 6, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15));

    /// <summary>The delay after a failed call.</summary>
    /// <param name="call">The call that failed, from 1.</param>
    public TimeSpan PauseAfter(int call) =>
        TimeSpan.FromSeconds(Math.Min(FirstPause.TotalSeconds * Math.Pow(2, call - 1), LongestPause.TotalSeconds));
}
