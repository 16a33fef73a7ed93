using Distil.Azure.ResourceManager;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Errors;
using Distil.Core.Settings;

namespace Distil.Azure.ContainerApps;

/// <summary>The Container Apps jobs that run Distil's jobs, as <c>infra/bicep</c> creates them.</summary>
public sealed record ContainerAppJobOptions
{
    private const string Type = "Microsoft.App/jobs";

    /// <value>Resource id of the job with a GPU: <c>/subscriptions/…/providers/Microsoft.App/jobs/…</c>.</value>
    public required string GpuJob { get; init; }

    /// <value>Resource id of the job that prepares text; null to use the GPU's, which costs more.</value>
    public string? CpuJob { get; init; }

    /// <summary>Creates the options from the app's settings.</summary>
    /// <exception cref="InvalidInputException">The job with a GPU is not set, or a job is no resource id.</exception>
    public static ContainerAppJobOptions From(HostSettings settings) => new()
    {
        GpuJob = ResourceId.Require(HostSettings.GpuJobVariable, settings.GpuJob, Type),
        CpuJob = settings.CpuJob is { } job ? ResourceId.Require(HostSettings.CpuJobVariable, job, Type) : null,
    };

    /// <summary>The job for a kind of work.</summary>
    public string For(JobKind kind) => kind == JobKind.Prepare ? CpuJob ?? GpuJob : GpuJob;
}
