using System.Text.Json;
using Distil.Core.Artifacts;
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

    [Fact]
    public void An_enum_value_is_not_a_number() =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<FailureClass>("1", DistilJson.Options));
}
