using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Distil.Core.Telemetry;

/// <summary>The source of Distil's traces and metrics. They cost nothing without a listener; <c>Distil.Telemetry</c> exports them.</summary>
/// <remarks>They contain ids, kinds and numbers, never text of the user's data, paths or secrets.</remarks>
public static class DistilTelemetry
{
    /// <summary>Name of the source and of the meter.</summary>
    public const string Name = "Distil";

    /// <value>The source of spans.</value>
    public static ActivitySource Source { get; } = new(Name);

    /// <value>The source of metrics; its instruments are in <see cref="JobMeters"/>.</value>
    public static Meter Meter { get; } = new(Name);
}
