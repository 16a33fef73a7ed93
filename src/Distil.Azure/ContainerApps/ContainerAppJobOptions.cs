using System.Text.RegularExpressions;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Errors;
using Distil.Core.Settings;

namespace Distil.Azure.ContainerApps;

/// <summary>The Container Apps jobs that run Distil's jobs, as <c>infra/bicep</c> creates them.</summary>
public sealed partial record ContainerAppJobOptions
{
    /// <value>Resource id of the job with a GPU: <c>/subscriptions/…/providers/Microsoft.App/jobs/…</c>.</value>
    public required string GpuJob { get; init; }

    /// <value>Resource id of the job that prepares text; null to use the GPU's, which costs more.</value>
    public string? CpuJob { get; init; }

    /// <summary>Creates the options from the app's settings.</summary>
    /// <exception cref="InvalidInputException">The job with a GPU is not set, or a job is no resource id.</exception>
    public static ContainerAppJobOptions From(HostSettings settings) => new()
    {
        GpuJob = ResourceId(HostSettings.GpuJobVariable, settings.GpuJob ?? throw Wrong(HostSettings.GpuJobVariable, "not set")),
        CpuJob = settings.CpuJob is { } job ? ResourceId(HostSettings.CpuJobVariable, job) : null,
    };

    // A path of Azure Resource Manager, to which the app's identity is sent: anything else could lead elsewhere.
    private static string ResourceId(string variable, string job) => JobId().IsMatch(job) ? job : throw Wrong(variable, job);

    private static InvalidInputException Wrong(string variable, string job) => new(
        $"{variable} is {job}; expected the resource id of a Container Apps job, /subscriptions/…/resourceGroups/…/providers/Microsoft.App/jobs/… "
        + "(main.bicep's outputs)");

    [GeneratedRegex(@"^/subscriptions/[\w.()-]+/resourceGroups/[\w.()-]+/providers/Microsoft\.App/jobs/[\w.()-]+\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex JobId();

    /// <summary>The job for a kind of work.</summary>
    public string For(JobKind kind) => kind == JobKind.Prepare ? CpuJob ?? GpuJob : GpuJob;
}
