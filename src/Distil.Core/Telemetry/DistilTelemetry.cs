using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Distil.Core.Telemetry;

/// <summary>Where Distil's traces and metrics come from. Free where nobody listens; <c>Distil.Telemetry</c> sends them somewhere.</summary>
/// <remarks>They carry ids, kinds and numbers: never text of the user's data, paths or secrets.</remarks>
public static class DistilTelemetry
{
    /// <summary>The name of the source and of the meter.</summary>
    public const string Name = "Distil";

    /// <value>Spans.</value>
    public static ActivitySource Source { get; } = new(Name);

    /// <value>Metrics; their instruments are in <see cref="JobMeters"/>.</value>
    public static Meter Meter { get; } = new(Name);
}
