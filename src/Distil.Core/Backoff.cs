using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Distil.Core;

/// <summary>Exponential back-off with jitter: the delay doubles with each failure up to a maximum, and a part of it is random, so that clients that failed
/// together do not retry together.</summary>
/// <param name="First">Delay after the first failure, without jitter; &gt; 0.</param>
/// <param name="Max">Maximum of the doubled delay, ≥ <paramref name="First"/>.</param>
public sealed record Backoff(TimeSpan First, TimeSpan Max)
{
    /// <summary>The delay before the next try.</summary>
    /// <param name="failures">Failures so far, ≥ 1.</param>
    /// <returns>A random part of the doubled delay, from a half to the whole.</returns>
    public TimeSpan DelayAfter(int failures) => DelayAfter(failures, Random.Shared.NextDouble());

    /// <summary>The delay before the next try, as a pure function of its arguments: a replay computes the same one.</summary>
    /// <param name="failures">Failures so far, ≥ 1.</param>
    /// <param name="key">Names who retries, for instance a job id; the jitter is derived from its hash.</param>
    /// <returns>A part of the doubled delay, from a half to the whole.</returns>
    public TimeSpan DelayAfter(int failures, string key)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{key}/{failures}"));
        return DelayAfter(failures, BinaryPrimitives.ReadUInt32LittleEndian(hash) / (double)uint.MaxValue);
    }

    private TimeSpan DelayAfter(int failures, double jitter) =>
        TimeSpan.FromSeconds(Math.Min(First.TotalSeconds * Math.Pow(2, failures - 1), Max.TotalSeconds) * (0.5 + (0.5 * jitter)));
}
