namespace Distil.Core.Settings;

/// <summary>The Functions app, if jobs run in Azure Machine Learning</summary>
public sealed record MachineLearningSettings
{
    /// <summary>The variable of <see cref="Workspace"/>.</summary>
    public const string WorkspaceVariable = "DISTIL_ML_WORKSPACE";

    /// <summary>The variable of <see cref="Environment"/>.</summary>
    public const string EnvironmentVariable = "DISTIL_ML_ENVIRONMENT";

    /// <summary>The variable of <see cref="Instance"/>.</summary>
    public const string InstanceVariable = "DISTIL_ML_INSTANCE";

    /// <summary>The variable of <see cref="CpuInstance"/>.</summary>
    public const string CpuInstanceVariable = "DISTIL_ML_CPU_INSTANCE";

    /// <summary>The variable of <see cref="ClientId"/>.</summary>
    public const string ClientIdVariable = "DISTIL_ML_CLIENT_ID";

    /// <summary>The variable of <see cref="Hours"/>.</summary>
    public const string HoursVariable = "DISTIL_ML_HOURS";

    /// <summary>The variable of <see cref="Tier"/>.</summary>
    public const string TierVariable = "DISTIL_ML_TIER";

    /// <value>Resource id of the workspace: `/subscriptions/…/providers/Microsoft.MachineLearningServices/workspaces/…`. Required.</value>
    [Variable(WorkspaceVariable)]
    public string? Workspace { get; init; }

    /// <value>Resource id of the environment version with the trainer's image: `…/workspaces/…/environments/…/versions/…`. Required.</value>
    [Variable(EnvironmentVariable)]
    public string? Environment { get; init; }

    /// <value>Type of the machines with GPUs, for instance `Standard_NC40ads_H100_v5` (one H100) or `Standard_ND96isr_H200_v5` (eight H200). Required.</value>
    [Variable(InstanceVariable)]
    public string? Instance { get; init; }

    /// <value>Type of the machines that prepare text, for instance `Standard_E8ds_v5`. Default: the type with GPUs, which costs more.</value>
    [Variable(CpuInstanceVariable)]
    public string? CpuInstance { get; init; }

    /// <value>Client id of the user-assigned identity with which jobs read and write the artifacts. Required.</value>
    [Variable(ClientIdVariable)]
    public string? ClientId { get; init; }

    /// <value>Hours after which the platform ends a job, 1 to 720; an epoch must fit. Default: 24.</value>
    [Variable(HoursVariable)]
    public string? Hours { get; init; }

    /// <value>`standard` (default), or `spot` for cheaper machines that can be taken away; a job then resumes from its last checkpoint.</value>
    [Variable(TierVariable)]
    public string? Tier { get; init; }
}
