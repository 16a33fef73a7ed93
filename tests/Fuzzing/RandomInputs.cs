using System.Globalization;
using System.Security.Cryptography;
using CsCheck;

namespace Distil.Fuzzing;

/// <summary>Passes random inputs to checks. A usual run passes the same inputs every time, so that no test passes once and fails the next time; a run with
/// <c>DISTIL_FUZZ</c> passes others each time.</summary>
/// <remarks>A failure names the seed of the input that failed; with that seed in CsCheck's variable <c>CsCheck_Seed</c>, it is the first input.</remarks>
internal static class RandomInputs
{
    /// <summary>Number of inputs of a reader in a usual run: enough to find each fault that was ever found here within a few runs with other seeds.</summary>
    public const int Usual = 1_500;

    private const int InputsToSimplify = 2_000;

    /// <value><c>DISTIL_FUZZ</c>: another number of inputs, for instance 100000; null in a usual run.</value>
    public static int? Wanted { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("DISTIL_FUZZ"), CultureInfo.InvariantCulture, out var inputs) ? inputs : null;

    /// <value>How many times as many inputs as usual are wanted.</value>
    public static double Factor => Wanted / (double)Usual ?? 1;

    /// <value>The number that all random inputs of this process are derived from.</value>
    public static int Seed { get; } = Wanted is null ? 20_261_130 : RandomNumberGenerator.GetInt32(int.MaxValue / 2);

    /// <summary>The number of inputs of this run.</summary>
    /// <param name="usual">The number in a usual run.</param>
    public static int Count(int usual) => (int)Math.Max(1, usual * Factor);

    /// <summary>Passes inputs to a check.</summary>
    /// <param name="inputs">The inputs.</param>
    /// <param name="check">What throws if an input fails.</param>
    /// <param name="count">Number of inputs in a usual run.</param>
    /// <exception cref="CsCheckException">An input fails; the message contains the simplest one that was found, and its seed.</exception>
    public static void Each<T>(this Gen<T> inputs, Action<T> check, int count = 100)
    {
        var random = Check.Seed is { } seed ? PCG.Parse(seed) : new PCG(0, (ulong)Seed);
        for (var left = Count(count); left > 0; left--)
        {
            var state = random.State;
            var input = inputs.Generate(random, null, out _);
            try
            {
                check(input);
            }
            catch (Exception failure)
            {
                inputs.Sample(check, seed: random.ToString(state), iter: InputsToSimplify, threads: 1);
                throw new CsCheckException($"CsCheck_Seed={random.ToString(state)} failed once, but not again: {Check.Print(input)}", failure);
            }
        }
    }

    /// <inheritdoc cref="Each{T}(Gen{T}, Action{T}, int)"/>
    public static void Each<T1, T2>(this Gen<(T1, T2)> inputs, Action<T1, T2> check, int count = 100) =>
        inputs.Each(input => check(input.Item1, input.Item2), count);

    /// <inheritdoc cref="Each{T}(Gen{T}, Action{T}, int)"/>
    public static void Each<T1, T2, T3>(this Gen<(T1, T2, T3)> inputs, Action<T1, T2, T3> check, int count = 100) =>
        inputs.Each(input => check(input.Item1, input.Item2, input.Item3), count);

    /// <inheritdoc cref="Each{T}(Gen{T}, Action{T}, int)"/>
    public static void Each<T1, T2, T3, T4>(this Gen<(T1, T2, T3, T4)> inputs, Action<T1, T2, T3, T4> check, int count = 100) =>
        inputs.Each(input => check(input.Item1, input.Item2, input.Item3, input.Item4), count);
}
