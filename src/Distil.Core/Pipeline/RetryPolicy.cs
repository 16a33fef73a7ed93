namespace Distil.Core.Pipeline;

/// <summary>How often a failing activity is called, and with what pauses. Bad input is never tried again.</summary>
/// <param name="Attempts">Calls in all, ≥ 1.</param>
/// <param name="FirstPause">Before the second call; each further pause is twice the one before.</param>
/// <param name="LongestPause">No pause is longer.</param>
public sealed record RetryPolicy(int Attempts, TimeSpan FirstPause, TimeSpan LongestPause)
{
    /// <value>For activities that only use storage: about three minutes, on top of the storage client's own tries. They are cheap, and an outage of storage passes.</value>
    public static RetryPolicy Storage { get; } = new(Attempts: 12, TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));

    /// <value>For activities that ask a job platform: about half a minute. It tries again by itself, and a job that cannot be started is to be told soon.</value>
    public static RetryPolicy Jobs { get; } = new(Attempts: 6, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15));

    /// <summary>The pause after a failed call.</summary>
    /// <param name="call">The call that failed, from 1.</param>
    public TimeSpan PauseAfter(int call) =>
        TimeSpan.FromSeconds(Math.Min(FirstPause.TotalSeconds * Math.Pow(2, call - 1), LongestPause.TotalSeconds));
}
