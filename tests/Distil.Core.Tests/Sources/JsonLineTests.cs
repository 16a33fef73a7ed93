using System.Text;
using System.Text.Json;
using Distil.Core.Sources;

namespace Distil.Core.Tests.Sources;

public sealed class JsonLineTests
{
    [Theory]
    [InlineData("""{"a":NaN,"b":[Infinity,-Infinity,1],"c":"NaN \" Infinity"}""", """{"a":null,"b":[null,null,1],"c":"NaN \" Infinity"}""")]
    [InlineData("""{"NaN":NaN,"\\":-Infinity}""", """{"NaN":null,"\\":null}""")]
    [InlineData("NaN", "null")]
    public void Pythons_literals_of_numbers_become_null_outside_strings(string line, string expected)
    {
        using var read = JsonLine.Parse(Encoding.UTF8.GetBytes(line));
        Assert.Equal(expected, read.RootElement.GetRawText());
    }

    [Theory]
    [InlineData("{\"a\":Nan}")]
    [InlineData("{\"a\":NaNs}")]
    [InlineData("{\"a\":-NaN}")]
    [InlineData("{\"a\":\"NaN}")]
    [InlineData("")]
    public void Everything_else_that_is_not_JSON_is_refused(string line) =>
        Assert.ThrowsAny<JsonException>(() => JsonLine.Parse(Encoding.UTF8.GetBytes(line)));

    [Fact]
    public void Nesting_is_read_as_deep_as_Python_reads_it()
    {
        JsonLine.Parse(Encoding.UTF8.GetBytes(new string('[', 900) + new string(']', 900))).Dispose();
        Assert.ThrowsAny<JsonException>(() => JsonLine.Parse(Encoding.UTF8.GetBytes(new string('[', 100_000))));
    }
}
