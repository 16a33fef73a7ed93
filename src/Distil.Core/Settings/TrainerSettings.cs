namespace Distil.Core.Settings;

/// <summary>The trainer, `distil-trainer`</summary>
public sealed record TrainerSettings
{
    /// <value>
    /// `off` runs no kernel of this project, on CPU or GPU: to compare with plain tensor operations, or to work around a fault. An architecture such as
    /// `sm_80` compiles the CUDA kernels for that one, if it is older than the GPU's. Default: kernels run, compiled for the GPU's architecture.
    /// </value>
    [Variable("DISTIL_KERNELS")]
    public string? Kernels { get; init; }

    /// <value>Folder below which compiled CUDA kernels are cached, in `distil/kernels`. Default: `~/.cache`.</value>
    [Variable("XDG_CACHE_HOME")]
    public string? UserCache { get; init; }

    /// <value>Where texts, models and artifacts are read from.</value>
    public SourceSettings Sources { get; init; } = new();

    /// <value>Where traces and metrics are sent.</value>
    public TelemetrySettings Telemetry { get; init; } = new();
}
