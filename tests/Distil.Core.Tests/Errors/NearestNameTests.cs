using Distil.Core.Errors;

namespace Distil.Core.Tests.Errors;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("learningRat", "learningRate")]
    [InlineData("LEARNINGRATE", "learningRate")]
    [InlineData("epoch", "epochs")]
    [InlineData("hcope", null)]
    [InlineData("", null)]
    public void Is_the_one_with_the_fewest_changes_or_none(string name, string? expected) =>
        Assert.Equal(expected, NearestName.Find(name, ["batchSize", "epochs", "learningRate"]));
}
