using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Settings;

namespace Distil.Azure.MachineLearning;

/// <summary>A command job of Azure Machine Learning that runs the trainer on one machine.</summary>
/// <remarks>Its fields: https://learn.microsoft.com/azure/templates/microsoft.machinelearningservices/workspaces/jobs.</remarks>
public static partial class CommandJob
{
    private const string RequestVariable = "DISTIL_REQUEST";

    /// <summary>The name of a request's job: readable, and different for equal run ids in other storage accounts.</summary>
    /// <param name="request">URI of the request: <c>…/runs/RUN/jobs/JOB/request.json</c>.</param>
    /// <param name="number">1 for its first job; another number for each that is started after the one before has ended.</param>
    /// <exception cref="ArgumentException">The URI has another form.</exception>
    public static string NameOf(Uri request, int number)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request.AbsoluteUri)))[..8];
        var (run, job) = Parts(request);
        var name = NotInNames().Replace($"{run}-{job}-{hash}", "-");
        return number == 1 ? name : $"{name}-{number}";
    }

    /// <summary>The body of the request that creates the job.</summary>
    /// <param name="options">Workspace, machines and identity.</param>
    /// <param name="kind">The kind of job, which determines the machine.</param>
    /// <param name="request">URI of the request.</param>
    public static JsonObject For(MachineLearningOptions options, JobKind kind, Uri request)
    {
        var (run, job) = Parts(request);
        // The shell takes the URI from a variable, so that none of its characters is read as code.
        var variables = new JsonObject { [RequestVariable] = request.AbsoluteUri, ["AZURE_CLIENT_ID"] = options.ClientId };
        if (options.Telemetry is { } telemetry)
        {
            variables[TelemetrySettings.AzureVariable] = telemetry;
        }

        return new JsonObject
        {
            ["properties"] = new JsonObject
            {
                ["jobType"] = "Command",
                ["displayName"] = job,
                ["experimentName"] = "distil",
                ["command"] = $"dotnet /app/Distil.Trainer.dll work \"${RequestVariable}\"",
                ["environmentId"] = options.Environment,
                ["environmentVariables"] = variables,
                ["identity"] = new JsonObject { ["identityType"] = "Managed", ["clientId"] = options.ClientId },
                ["limits"] = new JsonObject { ["jobLimitsType"] = "Command", ["timeout"] = $"PT{options.Hours}H" },
                ["queueSettings"] = new JsonObject { ["jobTier"] = options.Spot ? "Spot" : "Standard" },
                // The trainer itself starts a process for each GPU. NCCL needs shared memory between them; a container has 64 MB otherwise.
                ["resources"] = new JsonObject { ["instanceCount"] = 1, ["instanceType"] = options.InstanceFor(kind), ["shmSize"] = "16g" },
                ["tags"] = new JsonObject { ["distil.run"] = run, ["distil.job"] = job },
            },
        };
    }

    // The run's id and the job's.
    private static (string Run, string Job) Parts(Uri request) =>
        request.AbsolutePath.Split('/') is [.., "runs", var run, "jobs", var job, _]
            ? (run, job)
            : throw new ArgumentException($"{request} is no request of a job: expected …/runs/RUN/jobs/JOB/request.json", nameof(request));

    [GeneratedRegex("[^A-Za-z0-9_-]")]
    private static partial Regex NotInNames();
}
