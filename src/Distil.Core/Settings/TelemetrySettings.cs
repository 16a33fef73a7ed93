namespace Distil.Core.Settings;

/// <summary>Every program: telemetry</summary>
public sealed record TelemetrySettings
{
    /// <summary>The variable of <see cref="Target"/>.</summary>
    public const string TargetVariable = "DISTIL_TELEMETRY";

    /// <summary>The variable of <see cref="OtlpEndpoint"/>.</summary>
    public const string OtlpVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>The variable of <see cref="AzureConnectionString"/>.</summary>
    public const string AzureVariable = "APPLICATIONINSIGHTS_CONNECTION_STRING";

    /// <value>Where traces and metrics are sent: `none`, `console` (this process's standard output), `otlp` or `azure`. Default: `azure` if
    /// APPLICATIONINSIGHTS_CONNECTION_STRING is set, `otlp` if OTEL_EXPORTER_OTLP_ENDPOINT is, else `none`.</value>
    [Variable(TargetVariable)]
    public string? Target { get; init; }

    /// <value>Connection string of an Application Insights resource; the process signs in with its Azure identity.</value>
    [Variable(AzureVariable)]
    public string? AzureConnectionString { get; init; }

    /// <value>URL of an OpenTelemetry collector; the other variables OTEL_EXPORTER_OTLP_… apply too. Default: `http://localhost:4317`.</value>
    [Variable(OtlpVariable)]
    public string? OtlpEndpoint { get; init; }
}
