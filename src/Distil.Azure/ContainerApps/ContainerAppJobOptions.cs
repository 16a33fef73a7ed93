using Distil.Core.Errors;
using Distil.Core.Jobs;

namespace Distil.Azure.ContainerApps;

/// <summary>The Container Apps jobs that do a run's work, as <c>infra/bicep</c> makes them.</summary>
public sealed record ContainerAppJobOptions
{
    /// <summary>The setting with <see cref="GpuJob"/>.</summary>
    public const string GpuJobVariable = "DISTIL_GPU_JOB";

    /// <summary>The setting with <see cref="CpuJob"/>.</summary>
    public const string CpuJobVariable = "DISTIL_CPU_JOB";

    /// <value>Resource id of the job with a GPU: <c>/subscriptions/…/providers/Microsoft.App/jobs/…</c>.</value>
    public required string GpuJob { get; init; }

    /// <value>Resource id of the job that prepares text; null uses the GPU's, which costs more.</value>
    public string? CpuJob { get; init; }

    /// <summary>Reads the settings that the deployment makes.</summary>
    /// <exception cref="InvalidInputException">The GPU job is not set.</exception>
    public static ContainerAppJobOptions FromEnvironment(Func<string, string?> variable) => new()
    {
        GpuJob = variable(GpuJobVariable)
            ?? throw new InvalidInputException($"{GpuJobVariable} is not set; expected the resource id of a Container Apps job (main.bicep's output gpuJobId)"),
        CpuJob = variable(CpuJobVariable),
    };

    /// <summary>The job that does a kind of work.</summary>
    public string For(JobKind kind) => kind == JobKind.Prepare ? CpuJob ?? GpuJob : GpuJob;
}
