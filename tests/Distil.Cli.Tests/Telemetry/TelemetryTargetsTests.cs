using Distil.Core.Errors;
using Distil.Core.Settings;
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

    private static TelemetryTarget Read(string? named, string? azure, string? collector) => TelemetryTargets
        .Of(SettingsReader.Read<TelemetrySettings>(variable => variable switch
    {
        TelemetrySettings.TargetVariable => named,
        TelemetrySettings.AzureVariable => azure,
        "OTEL_EXPORTER_OTLP_ENDPOINT" => collector,
        _ => null,
    }));
}
