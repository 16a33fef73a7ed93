using Distil.Core.Errors;
using Distil.Core.Settings;

namespace Distil.Functions.Hosting;

/// <summary>The platform on which jobs run.</summary>
public enum JobPlatform
{
    /// <summary>Executions of Container Apps jobs.</summary>
    ContainerApps,

    /// <summary>Jobs of an Azure Machine Learning workspace.</summary>
    MachineLearning,

    /// <summary>Child processes of the app, on your own machine.</summary>
    Processes,
}

/// <summary>Reads the app's settings about its host.</summary>
public static class HostChoices
{
    // Ephemeral storage of a Container Apps replica with more than one core: https://learn.microsoft.com/azure/container-apps/storage-mounts
    private const long ReplicaDisk = 8L << 30;

    /// <summary>The platform on which jobs run.</summary>
    /// <exception cref="InvalidInputException"><c>DISTIL_JOBS</c> names no platform.</exception>
    public static JobPlatform Platform(this HostSettings settings) => settings.Jobs switch
    {
        null or "container-apps" => JobPlatform.ContainerApps,
        "machine-learning" => JobPlatform.MachineLearning,
        "processes" => JobPlatform.Processes,
        var other => throw new InvalidInputException(
            $"{HostSettings.JobsVariable} is {other}; expected container-apps (with {HostSettings.GpuJobVariable}), machine-learning "
            + $"(with {MachineLearningSettings.WorkspaceVariable}) or processes"),
    };

    /// <summary>Bytes of disk that a job may use; null if that is not known.</summary>
    /// <exception cref="InvalidInputException"><c>DISTIL_JOB_DISK</c> is no positive number.</exception>
    public static long? JobDiskBytes(this HostSettings settings) =>
        settings.Sources.JobDiskBytes ?? (settings.Platform() == JobPlatform.ContainerApps ? ReplicaDisk : null);

    /// <summary>URI of the artifact container; null if the connection string gives the account.</summary>
    /// <exception cref="InvalidInputException"><c>DISTIL_ARTIFACTS</c> is not an https URI.</exception>
    public static Uri? Container(this HostSettings settings) => settings.Artifacts is not { } artifacts ? null
        : Uri.TryCreate(artifacts, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps ? uri
        : throw new InvalidInputException(
            $"{HostSettings.ArtifactsVariable} is {artifacts}; expected the https URI of a container (main.bicep's output artifactsUri)");
}
