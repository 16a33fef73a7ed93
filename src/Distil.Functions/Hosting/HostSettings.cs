using Distil.Azure.ContainerApps;
using Distil.Core.Artifacts;
using Distil.Core.Errors;

namespace Distil.Functions.Hosting;

/// <summary>What the app's settings say.</summary>
public sealed record HostSettings
{
    /// <summary>The setting with <see cref="Artifacts"/>.</summary>
    public const string ArtifactsVariable = "DISTIL_ARTIFACTS";

    /// <summary>The setting with <see cref="Jobs"/>: <c>container-apps</c> or <c>processes</c>.</summary>
    public const string JobsVariable = "DISTIL_JOBS";

    /// <value>URI of the artifact container, reached by the app's identity; null reads <see cref="ArtifactStore.ConnectionVariable"/>.</value>
    public Uri? Artifacts { get; init; }

    /// <value>Where jobs run. Default: Container Apps.</value>
    public JobPlatform Jobs { get; init; }

    /// <summary>Reads the settings.</summary>
    /// <exception cref="InvalidInputException">A setting is not what it must be; the message names it.</exception>
    public static HostSettings FromEnvironment(Func<string, string?> variable) => new()
    {
        Artifacts = variable(ArtifactsVariable) is not { Length: > 0 } artifacts ? null
            : Uri.TryCreate(artifacts, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps ? uri
            : throw new InvalidInputException($"{ArtifactsVariable} is {artifacts}; expected the https URI of a container (main.bicep's output artifactsUri)"),
        Jobs = variable(JobsVariable) switch
        {
            null or "" or "container-apps" => JobPlatform.ContainerApps,
            "processes" => JobPlatform.Processes,
            var other => throw new InvalidInputException($"{JobsVariable} is {other}; expected container-apps (with {ContainerAppJobOptions.GpuJobVariable}) or processes"),
        },
    };
}

/// <summary>Where jobs run.</summary>
public enum JobPlatform
{
    /// <summary>As executions of Container Apps jobs.</summary>
    ContainerApps,

    /// <summary>As child processes of the app, for a machine of one's own.</summary>
    Processes,
}
