using System.Text.RegularExpressions;
using CsCheck;
using Distil.Fuzzing;

namespace Distil.Core.Tests.Fuzzing;

/// <summary>A usual run of the tests passes the same inputs every time, and a failure can be repeated.</summary>
public sealed partial class RandomInputsTests
{
    [Fact]
    public void Inputs_are_the_same_in_every_usual_run()
    {
        Assert.SkipUnless(RandomInputs.Wanted is null && Check.Seed is null, "DISTIL_FUZZ or CsCheck_Seed asks for other inputs.");
        var inputs = new List<int>();
        Gen.Int[0, 999].Each(inputs.Add, count: 5);
        Assert.Equal([644, 360, 254, 99, 667], inputs);
    }

    [Fact]
    public void A_failure_names_the_seed_that_repeats_it()
    {
        var numbers = Gen.Int[0, 1_000_000];
        var failure = Assert.Throws<CsCheckException>(() => numbers.Each(number => Assert.True(number < 900_000), count: 1_500));
        Assert.InRange(numbers.Generate(PCG.Parse(SeedIn().Match(failure.Message).Groups[1].Value), null, out _), 900_000, 1_000_000);
    }

    [GeneratedRegex("CsCheck_Seed=([^ ]+)")]
    private static partial Regex SeedIn();
}
