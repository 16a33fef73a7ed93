using Distil.Core.Errors;

namespace Distil.Telemetry;

/// <summary>Where traces and metrics go.</summary>
public enum TelemetryTarget
{
    /// <summary>Nowhere: nothing is measured.</summary>
    None,

    /// <summary>This process's standard output, for a look at one process.</summary>
    Console,

    /// <summary>An OpenTelemetry collector, as the standard variables <c>OTEL_EXPORTER_OTLP_…</c> say; default http://localhost:4317.</summary>
    Otlp,

    /// <summary>Azure Monitor, by <c>APPLICATIONINSIGHTS_CONNECTION_STRING</c> and the machine's Azure identity.</summary>
    Azure,
}

/// <summary>Reads a <see cref="TelemetryTarget"/> from the environment.</summary>
public static class TelemetryTargets
{
    /// <summary>Names the target; without it the variables of Azure Monitor and of OTLP decide.</summary>
    public const string Variable = "DISTIL_TELEMETRY";

    /// <summary>Azure Monitor's own variable: where to send, and no secret while it is used with an identity.</summary>
    public const string AzureVariable = "APPLICATIONINSIGHTS_CONNECTION_STRING";

    private const string OtlpVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>The target that the environment asks for.</summary>
    /// <param name="variable">Reads a variable.</param>
    /// <exception cref="InvalidInputException"><see cref="Variable"/> names none, or Azure Monitor has no connection string.</exception>
    public static TelemetryTarget FromEnvironment(Func<string, string?> variable)
    {
        var azure = !string.IsNullOrEmpty(variable(AzureVariable));
        return variable(Variable) switch
        {
            null or "" when azure => TelemetryTarget.Azure,
            null or "" => string.IsNullOrEmpty(variable(OtlpVariable)) ? TelemetryTarget.None : TelemetryTarget.Otlp,
            "none" => TelemetryTarget.None,
            "console" => TelemetryTarget.Console,
            "otlp" => TelemetryTarget.Otlp,
            "azure" when azure => TelemetryTarget.Azure,
            "azure" => throw new InvalidInputException($"{Variable} is azure and {AzureVariable} is not set; expected the connection string of an Application Insights resource"),
            var other => throw new InvalidInputException($"{Variable} is {other}; expected none, console, otlp or azure"),
        };
    }
}
