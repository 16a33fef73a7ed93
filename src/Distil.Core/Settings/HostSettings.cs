namespace Distil.Core.Settings;

/// <summary>The Functions app</summary>
public sealed record HostSettings
{
    /// <summary>The variable of <see cref="Artifacts"/>.</summary>
    public const string ArtifactsVariable = "DISTIL_ARTIFACTS";

    /// <summary>The variable of <see cref="Jobs"/>.</summary>
    public const string JobsVariable = "DISTIL_JOBS";

    /// <summary>The variable of <see cref="GpuJob"/>.</summary>
    public const string GpuJobVariable = "DISTIL_GPU_JOB";

    /// <summary>The variable of <see cref="CpuJob"/>.</summary>
    public const string CpuJobVariable = "DISTIL_CPU_JOB";

    /// <value>URI of the artifact container, opened with the app's identity. Default: the account of AZURE_STORAGE_CONNECTION_STRING.</value>
    [Variable(ArtifactsVariable)]
    public string? Artifacts { get; init; }

    /// <value>Where jobs run: `container-apps` (default), `machine-learning`, or `processes` for child processes of the app.</value>
    [Variable(JobsVariable)]
    public string? Jobs { get; init; }

    /// <value>Resource id of the Container Apps job with a GPU: `/subscriptions/…/providers/Microsoft.App/jobs/…`. Required if jobs run there.</value>
    [Variable(GpuJobVariable)]
    public string? GpuJob { get; init; }

    /// <value>Resource id of the Container Apps job that prepares text. Default: the job with a GPU, which costs more.</value>
    [Variable(CpuJobVariable)]
    public string? CpuJob { get; init; }

    /// <value>The trainer that the app starts if jobs are child processes: an assembly or a program. Default: the one built with the app.</value>
    [Variable("DISTIL_TRAINER")]
    public string? Trainer { get; init; }

    /// <value>The workspace of Azure Machine Learning, if jobs run there.</value>
    public MachineLearningSettings MachineLearning { get; init; } = new();

    /// <value>Where texts, models and artifacts are read from.</value>
    public SourceSettings Sources { get; init; } = new();

    /// <value>Where traces and metrics are sent.</value>
    public TelemetrySettings Telemetry { get; init; } = new();
}
