using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Distil.Core.Settings;
using Distil.Core.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Distil.Telemetry;

/// <summary>Exports Distil's traces and metrics from a process to the target that its settings name.</summary>
public sealed class TelemetryExport : IDisposable
{
    private const int FlushMilliseconds = 5000;

    private readonly TracerProvider _traces;
    private readonly MeterProvider _metrics;

    private TelemetryExport(TelemetryTarget target, string service)
    {
        _traces = Sdk.CreateTracerProviderBuilder().ConfigureResource(resource => Describe(resource, service)).AddDistil(target).Build();
        _metrics = Sdk.CreateMeterProviderBuilder().ConfigureResource(resource => Describe(resource, service)).AddDistil(target).Build();
    }

    /// <summary>Starts exporting; returns null if the settings name no target.</summary>
    /// <param name="service">The process's name in a trace, for instance <c>distil-trainer</c>.</param>
    /// <param name="settings">The program's settings.</param>
    /// <exception cref="Core.Errors.InvalidInputException">The settings name a target that does not exist.</exception>
    public static TelemetryExport? TryStart(string service, TelemetrySettings settings) =>
        TelemetryTargets.Of(settings) is var target and not TelemetryTarget.None ? new TelemetryExport(target, service) : null;

    /// <summary>Sets the process's name in traces and metrics.</summary>
    public static ResourceBuilder Describe(ResourceBuilder resource, string service) =>
        resource.AddService(service, serviceVersion: typeof(TelemetryExport).Assembly.GetName().Version?.ToString(3));

    /// <summary>Sends what is buffered, because a process may be ended at any time after a job.</summary>
    public void Flush()
    {
        _traces.ForceFlush(FlushMilliseconds);
        _metrics.ForceFlush(FlushMilliseconds);
    }

    /// <summary>Sends what is buffered and stops listening.</summary>
    public void Dispose()
    {
        Flush();
        _traces.Dispose();
        _metrics.Dispose();
    }
}

/// <summary>Connects Distil's sources with a target, for hosts that create their own providers.</summary>
public static class TelemetryBuilders
{
    /// <summary>Listens to Distil's spans and sends them.</summary>
    public static TracerProviderBuilder AddDistil(this TracerProviderBuilder traces, TelemetryTarget target)
    {
        traces.AddSource(DistilTelemetry.Name);
        return target switch
        {
            TelemetryTarget.Console => traces.AddConsoleExporter(),
            TelemetryTarget.Otlp => traces.AddOtlpExporter(),
            TelemetryTarget.Azure => traces.AddAzureMonitorTraceExporter(Identify),
            _ => traces,
        };
    }

    /// <summary>Listens to Distil's instruments and sends them.</summary>
    public static MeterProviderBuilder AddDistil(this MeterProviderBuilder metrics, TelemetryTarget target)
    {
        metrics.AddMeter(DistilTelemetry.Name);
        return target switch
        {
            TelemetryTarget.Console => metrics.AddConsoleExporter(),
            TelemetryTarget.Otlp => metrics.AddOtlpExporter(),
            TelemetryTarget.Azure => metrics.AddAzureMonitorMetricExporter(Identify),
            _ => metrics,
        };
    }

    // Keys are off in the deployment: the identity must be the one with the role.
    private static void Identify(AzureMonitorExporterOptions options) => options.Credential = new DefaultAzureCredential();
}
