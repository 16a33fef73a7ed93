using System.Text.Json;
using Distil.Core.Artifacts;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Errors;
using Distil.Core.Jobs;

namespace Distil.Core.Tests;

public sealed class DistilJsonTests
{
    [Fact]
    public void Names_and_enum_values_are_camelCase_and_nulls_are_left_out() =>
        Assert.Equal("""{"class":"outOfMemory","message":"naïve <b>"}""",
            JsonSerializer.Serialize(new JobFailure(FailureClass.OutOfMemory, "naïve <b>"), DistilJson.Options));

    [Theory]
    [InlineData("""{"name":"a","bytes":1}""")]                              // a field is missing
    [InlineData("""{"name":null,"bytes":1,"sha256":"0"}""")]                // a text is null
    [InlineData("""{"name":"a","bytes":1,"sha256":"0","more":1}""")]        // a field is unknown
    public void Documents_that_are_not_what_they_should_be_are_refused(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<ArtifactFile>(json, DistilJson.Options));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_number_that_JSON_cannot_represent_is_named_in_one_line(double value)
    {
        var error = Assert.Throws<InvalidInputException>(() => JsonSerializer.Serialize(new ModelScore(1, value, 0), DistilJson.Options));
        Assert.Equal($"a result is {value}, which JSON cannot represent; expected finite numbers", error.Message);
        Assert.Equal("0.1", JsonSerializer.Serialize(0.1, DistilJson.Options));
    }

    [Fact]
    public void An_enum_value_is_not_a_number() =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<FailureClass>("1", DistilJson.Options));
}
