using System.Text;
using CsCheck;

namespace Distil.Fuzzing;

/// <summary>Checks a reader with hostile input: it must end, either well or with the named error, and use no more memory than its input justifies.</summary>
internal static class Hostile
{
    private const long MaxAllocated = 64 << 20;

    private static readonly TimeSpan MaxTime = TimeSpan.FromMinutes(5) * Math.Max(1, RandomInputs.Factor);

    /// <summary>Passes all inputs to a reader.</summary>
    /// <typeparam name="TError">The only exception that may be thrown.</typeparam>
    /// <param name="inputs">The inputs.</param>
    /// <param name="read">The reader.</param>
    /// <param name="iterations">Number of inputs in a usual run, to which <c>DISTIL_FUZZ</c> gives the same factor as to the usual number.</param>
    public static async Task EndsInAsync<TError>(Gen<byte[]> inputs, Action<byte[]> read, int iterations = RandomInputs.Usual)
        where TError : Exception
    {
        var refused = 0;
        // On a separate thread, so that a reader that never ends fails its test instead of hanging it.
        var sampling = Task.Run(() => inputs.Each(input => refused += Try<TError>(input, read) ? 0 : 1, iterations));
        await sampling.WaitAsync(MaxTime, TestContext.Current.CancellationToken);
        TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant($"{RandomInputs.Count(iterations)} inputs, {refused} refused"));
    }

    /// <inheritdoc cref="EndsInAsync{TError}(Gen{byte[]}, Action{byte[]}, int)"/>
    public static Task EndsInAsync<TError>(Gen<string> inputs, Action<byte[]> read, int iterations = RandomInputs.Usual)
        where TError : Exception => EndsInAsync<TError>(inputs.Select(Encoding.UTF8.GetBytes), read, iterations);

    /// <returns>Whether the input was read.</returns>
    private static bool Try<TError>(byte[] input, Action<byte[]> read)
        where TError : Exception
    {
        var (before, isRead) = (GC.GetAllocatedBytesForCurrentThread(), true);
        try
        {
            read(input);
        }
        catch (TError error)
        {
            Assert.False(string.IsNullOrWhiteSpace(error.Message));
            isRead = false;
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocated);
        return isRead;
    }
}
