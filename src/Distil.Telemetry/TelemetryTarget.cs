using Distil.Core.Errors;
using Distil.Core.Settings;

namespace Distil.Telemetry;

/// <summary>The target of traces and metrics.</summary>
public enum TelemetryTarget
{
    /// <summary>No target: nothing is measured.</summary>
    None,

    /// <summary>This process's standard output, to look at one process.</summary>
    Console,

    /// <summary>An OpenTelemetry collector, given by the standard variables <c>OTEL_EXPORTER_OTLP_…</c>; default http://localhost:4317.</summary>
    Otlp,

    /// <summary>Azure Monitor, with <c>APPLICATIONINSIGHTS_CONNECTION_STRING</c> and the machine's Azure identity.</summary>
    Azure,
}

/// <summary>Reads a <see cref="TelemetryTarget"/> from a program's settings.</summary>
public static class TelemetryTargets
{
    private const string Variable = TelemetrySettings.TargetVariable;

    /// <summary>The target that the settings name; if they name none, the variables of Azure Monitor and of OTLP decide.</summary>
    /// <exception cref="InvalidInputException">There is no such target, Azure Monitor has no connection string, or the target's own setting cannot be
    /// read.</exception>
    public static TelemetryTarget Of(TelemetrySettings settings)
    {
        var target = Named(settings);
        if (target == TelemetryTarget.Otlp && settings.OtlpEndpoint is { } endpoint && !IsUrl(endpoint))
        {
            throw new InvalidInputException($"{TelemetrySettings.OtlpVariable} is {endpoint}; expected a URL such as http://localhost:4317");
        }

        return target != TelemetryTarget.Azure || IsConnection(settings.AzureConnectionString!)
            ? target
            : throw new InvalidInputException(
                $"{TelemetrySettings.AzureVariable} cannot be read; expected InstrumentationKey=…;IngestionEndpoint=https://…, as Application Insights shows it");
    }

    // The exporter would take the default for a URL that it cannot read.
    private static bool IsUrl(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url is { Scheme: "http" or "https", Host.Length: > 0 };

    private static bool IsConnection(string text)
    {
        var fields = text.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(field => field.Split('=', 2, StringSplitOptions.TrimEntries)).ToList();
        return fields.All(field => field.Length == 2 && (!field[0].EndsWith("Endpoint", StringComparison.OrdinalIgnoreCase) || IsUrl(field[1])))
            && fields.Select(field => field[0]).Distinct(StringComparer.OrdinalIgnoreCase).Count() == fields.Count
            && fields.Exists(field => field[0].Equals("InstrumentationKey", StringComparison.OrdinalIgnoreCase) && Guid.TryParse(field[1], out _));
    }

    private static TelemetryTarget Named(TelemetrySettings settings)
    {
        var azure = settings.AzureConnectionString is not null;
        return settings.Target switch
        {
            null when azure => TelemetryTarget.Azure,
            null => settings.OtlpEndpoint is null ? TelemetryTarget.None : TelemetryTarget.Otlp,
            "none" => TelemetryTarget.None,
            "console" => TelemetryTarget.Console,
            "otlp" => TelemetryTarget.Otlp,
            "azure" when azure => TelemetryTarget.Azure,
            "azure" => throw new InvalidInputException(
                $"{Variable} is azure and {TelemetrySettings.AzureVariable} is not set; expected the connection string of an Application Insights resource"),
            var other => throw new InvalidInputException($"{Variable} is {other}; expected none, console, otlp or azure"),
        };
    }
}
