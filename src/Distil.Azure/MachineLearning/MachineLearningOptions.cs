using System.Globalization;
using Distil.Azure.ResourceManager;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Errors;
using Distil.Core.Settings;

namespace Distil.Azure.MachineLearning;

/// <summary>Where and on what Azure Machine Learning runs Distil's jobs.</summary>
public sealed record MachineLearningOptions
{
    private const string WorkspaceType = "Microsoft.MachineLearningServices/workspaces";
    private const int DefaultHours = 24, MostHours = 720;

    // Azure's sizes for machine learning with NVIDIA GPUs: https://learn.microsoft.com/azure/virtual-machines/sizes/overview#gpu-accelerated
    private static readonly Dictionary<string, int> GpusOf = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Standard_NC4as_T4_v3"] = 1, ["Standard_NC8as_T4_v3"] = 1, ["Standard_NC16as_T4_v3"] = 1, ["Standard_NC64as_T4_v3"] = 4,
        ["Standard_NC24ads_A100_v4"] = 1, ["Standard_NC48ads_A100_v4"] = 2, ["Standard_NC96ads_A100_v4"] = 4,
        ["Standard_ND96asr_v4"] = 8, ["Standard_ND96amsr_A100_v4"] = 8,
        ["Standard_NC40ads_H100_v5"] = 1, ["Standard_NC80adis_H100_v5"] = 2, ["Standard_ND96isr_H100_v5"] = 8,
        ["Standard_ND96isr_H200_v5"] = 8,
    };

    /// <value>Resource id of the workspace.</value>
    public required string Workspace { get; init; }

    /// <value>Resource id of the environment version with the trainer's image.</value>
    public required string Environment { get; init; }

    /// <value>Type of the machines with GPUs.</value>
    public required string Instance { get; init; }

    /// <value>Number of GPUs of such a machine, ≥ 1. A job has one machine.</value>
    public required int Gpus { get; init; }

    /// <value>Type of the machines that prepare text; null to use <see cref="Instance"/>, which costs more.</value>
    public string? CpuInstance { get; init; }

    /// <value>Client id of the user-assigned identity of the jobs.</value>
    public required string ClientId { get; init; }

    /// <value>Hours after which the platform ends a job.</value>
    public int Hours { get; init; } = DefaultHours;

    /// <value>Whether jobs use machines that can be taken away.</value>
    public bool Spot { get; init; }

    /// <value>Connection string of the Application Insights resource to which jobs send telemetry; null for none. It contains no secret, because the
    /// resource accepts signed-in senders only.</value>
    public string? Telemetry { get; init; }

    /// <summary>Creates the options from the app's settings.</summary>
    /// <exception cref="InvalidInputException">A setting is missing or not one of the values that it can have; the message names it.</exception>
    public static MachineLearningOptions From(HostSettings settings)
    {
        var given = settings.MachineLearning;
        return new()
        {
            Workspace = ResourceId.Require(MachineLearningSettings.WorkspaceVariable, given.Workspace, WorkspaceType),
            Environment = ResourceId.Require(MachineLearningSettings.EnvironmentVariable, given.Environment, $"{WorkspaceType}/environments/versions"),
            Instance = given.Instance ?? "",
            Gpus = GpusOf.TryGetValue(given.Instance ?? "", out var gpus)
                ? gpus
                : throw Wrong(MachineLearningSettings.InstanceVariable, given.Instance, $"one of {string.Join(", ", GpusOf.Keys)}"),
            CpuInstance = given.CpuInstance,
            ClientId = Guid.TryParse(given.ClientId, out var id)
                ? id.ToString()
                : throw Wrong(MachineLearningSettings.ClientIdVariable, given.ClientId, "a client id, a GUID"),
            Hours = given.Hours is null ? DefaultHours
                : int.TryParse(given.Hours, NumberStyles.None, CultureInfo.InvariantCulture, out var hours) && hours is >= 1 and <= MostHours ? hours
                : throw Wrong(MachineLearningSettings.HoursVariable, given.Hours, $"a number from 1 to {MostHours}"),
            Spot = given.Tier switch
            {
                null or "standard" => false,
                "spot" => true,
                var other => throw Wrong(MachineLearningSettings.TierVariable, other, "standard or spot"),
            },
            Telemetry = settings.Telemetry.AzureConnectionString,
        };
    }

    /// <summary>The type of machine for a kind of work.</summary>
    public string InstanceFor(JobKind kind) => kind == JobKind.Prepare ? CpuInstance ?? Instance : Instance;

    private static InvalidInputException Wrong(string variable, string? value, string expected) =>
        new($"{variable} is {value ?? "not set"}; expected {expected}");
}
