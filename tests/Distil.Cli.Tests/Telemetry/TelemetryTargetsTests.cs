using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Settings;
using Distil.Fuzzing;
using Distil.Telemetry;

namespace Distil.Cli.Tests.Telemetry;

public sealed class TelemetryTargetsTests
{
    private const string Azure = "InstrumentationKey=00000000-0000-0000-0000-000000000000", Collector = "http://localhost:4318";

    [Theory]
    [InlineData(null, null, null, TelemetryTarget.None)]
    [InlineData(null, null, Collector, TelemetryTarget.Otlp)]
    [InlineData("", Azure, Collector, TelemetryTarget.Azure)]
    [InlineData("none", Azure, Collector, TelemetryTarget.None)]
    [InlineData("console", Azure, null, TelemetryTarget.Console)]
    [InlineData("otlp", null, null, TelemetryTarget.Otlp)]
    [InlineData("azure", Azure, null, TelemetryTarget.Azure)]
    public void The_named_target_goes_before_what_other_variables_suggest(string? named, string? azure, string? collector, TelemetryTarget expected) =>
        Assert.Equal(expected, Read(named, azure, collector));

    [Theory]
    [InlineData("azure", "APPLICATIONINSIGHTS_CONNECTION_STRING")]
    [InlineData("jaeger", "expected none, console, otlp or azure")]
    public void What_cannot_be_is_bad_input(string named, string words) =>
        Assert.Contains(words, Assert.Throws<InvalidInputException>(() => Read(named, null, null)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("localhost:4317")]
    [InlineData("ftp://localhost:4317")]
    [InlineData("http://")]
    [InlineData("collector")]
    public void A_collector_that_is_no_URL_is_refused_and_not_replaced_by_the_default(string collector) => Assert.Contains(
        $"OTEL_EXPORTER_OTLP_ENDPOINT is {collector}", Assert.Throws<InvalidInputException>(() => Read("otlp", null, collector)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("x")]
    [InlineData("InstrumentationKey=")]
    [InlineData("InstrumentationKey=1;InstrumentationKey=2")]
    [InlineData(Azure + ";IngestionEndpoint=somewhere")]
    [InlineData("IngestionEndpoint=https://somewhere")]
    public void A_resource_that_cannot_be_read_is_refused_without_its_key(string azure)
    {
        var message = Assert.Throws<InvalidInputException>(() => Read("azure", azure, null)).Message;
        Assert.Contains("APPLICATIONINSIGHTS_CONNECTION_STRING cannot be read", message, StringComparison.Ordinal);
        Assert.DoesNotContain("0000", message, StringComparison.Ordinal);
    }

    [Fact]
    public Task Any_values_are_a_target_or_refused() => Hostile.EndsInAsync<InvalidInputException>(
        Gen.OneOf(Mutations.Of(System.Text.Encoding.UTF8.GetBytes($"azure|{Azure};IngestionEndpoint=https://a.example/|{Collector}")), Mutations.Arbitrary), bytes =>
        {
            var values = System.Text.Encoding.UTF8.GetString(bytes).Split('|');
            var (azure, collector) = (values.ElementAtOrDefault(1), values.ElementAtOrDefault(2));
            var target = Read(values[0], azure, collector);
            Assert.True(target != TelemetryTarget.Otlp || string.IsNullOrEmpty(collector) || new Uri(collector).Scheme is "http" or "https");
            Assert.True(target != TelemetryTarget.Azure || azure!.Contains("InstrumentationKey", StringComparison.OrdinalIgnoreCase));
        });

    private static TelemetryTarget Read(string? named, string? azure, string? collector) => TelemetryTargets
        .Of(SettingsReader.Read<TelemetrySettings>(variable => variable switch
    {
        TelemetrySettings.TargetVariable => named,
        TelemetrySettings.AzureVariable => azure,
        "OTEL_EXPORTER_OTLP_ENDPOINT" => collector,
        _ => null,
    }));
}
