using System.Text;
using CsCheck;

namespace Distil.Fuzzing;

/// <summary>Holds a reader against hostile input: it ends, in the error that it names or well, and takes no more memory than its input is worth.</summary>
internal static class Hostile
{
    /// <summary>Inputs of one property. Enough to find each fault that was ever found here within a few runs.</summary>
    private const int Inputs = 1_500;

    private const long MaxAllocated = 64 << 20;
    private static readonly TimeSpan MaxTime = TimeSpan.FromMinutes(5);

    /// <summary>Gives a reader all of them.</summary>
    /// <typeparam name="TError">The only exception that may come out.</typeparam>
    /// <param name="inputs">The inputs.</param>
    /// <param name="read">The reader.</param>
    /// <param name="iterations">How many.</param>
    public static async Task EndsInAsync<TError>(Gen<byte[]> inputs, Action<byte[]> read, int iterations = Inputs)
        where TError : Exception
    {
        // Apart, so that a reader that never ends fails its test instead of hanging it.
        var sampling = Task.Run(() => inputs.Sample(input => Try<TError>(input, read), iter: iterations, threads: 1));
        await sampling.WaitAsync(MaxTime, TestContext.Current.CancellationToken);
    }

    /// <inheritdoc cref="EndsInAsync{TError}(Gen{byte[]}, Action{byte[]}, int)"/>
    public static Task EndsInAsync<TError>(Gen<string> inputs, Action<byte[]> read, int iterations = Inputs)
        where TError : Exception => EndsInAsync<TError>(inputs.Select(Encoding.UTF8.GetBytes), read, iterations);

    private static void Try<TError>(byte[] input, Action<byte[]> read)
        where TError : Exception
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            read(input);
        }
        catch (TError error)
        {
            Assert.False(string.IsNullOrWhiteSpace(error.Message));
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocated);
    }
}
