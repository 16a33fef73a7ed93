using Distil.Core.Runs;
using Distil.Hosting.Http;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Distil.Functions.Http;

/// <summary>Operations that only Durable offers. They are for operators and need the app's master key.</summary>
/// <param name="runs">Gets the status of a terminated run, which its orchestration can no longer write.</param>
/// <param name="time">Dates that status.</param>
public sealed class OperatorFunctions(RunFolder runs, TimeProvider time)
{
    /// <summary>Suspends a run's pipeline; its jobs at work continue.</summary>
    [Function("suspend-run")]
    public Task<IResult> SuspendAsync(
        [HttpTrigger(AuthorizationLevel.Admin, "post", Route = ApiRoutes.Run + "/suspend")] HttpRequest request,
        [DurableClient] DurableTaskClient client, string runId, CancellationToken cancel) =>
        OfInstanceAsync(client, runId, () => client.SuspendInstanceAsync(runId, "asked for", cancel), cancel);

    /// <summary>Resumes a suspended run.</summary>
    [Function("resume-run")]
    public Task<IResult> ResumeAsync(
        [HttpTrigger(AuthorizationLevel.Admin, "post", Route = ApiRoutes.Run + "/resume")] HttpRequest request,
        [DurableClient] DurableTaskClient client, string runId, CancellationToken cancel) =>
        OfInstanceAsync(client, runId, () => client.ResumeInstanceAsync(runId, "asked for", cancel), cancel);

    /// <summary>Terminates a run's orchestrations at once, if it does not react to cancel. Its jobs at work run to their end.</summary>
    [Function("terminate-run")]
    public Task<IResult> TerminateAsync(
        [HttpTrigger(AuthorizationLevel.Admin, "post", Route = ApiRoutes.Run + "/terminate")] HttpRequest request,
        [DurableClient] DurableTaskClient client, string runId, CancellationToken cancel) => OfInstanceAsync(client, runId, async () =>
        {
            await EndAsync(client, runId, cancel);
            while (await PartsAsync(client, runId, cancel) is { Count: > 0 } parts)
            {
                foreach (var part in parts)
                {
                    await EndAsync(client, part, cancel);
                }
            }

            if (await runs.FindStatusAsync(runId, cancel) is { HasEnded: false } status)
            {
                await runs.WriteStatusAsync(status with { State = RunState.Cancelled, Jobs = [], UpdatedAt = time.GetUtcNow() }, cancel);
            }
        }, cancel);

    private static async Task EndAsync(DurableTaskClient client, string instanceId, CancellationToken cancel)
    {
        try
        {
            await client.TerminateInstanceAsync(instanceId, "terminated", cancel);
        }
        catch (RpcException ended) when (ended.StatusCode == StatusCode.FailedPrecondition)
        {
            // It has ended in the meantime.
        }

        await client.WaitForInstanceCompletionAsync(instanceId, cancel);
    }

    // Not Durable's recursive termination: not every back end supports it.
    private static async Task<IReadOnlyList<string>> PartsAsync(DurableTaskClient client, string runId, CancellationToken cancel)
    {
        var atWork = new OrchestrationQuery
        {
            InstanceIdPrefix = $"{runId}:",
            Statuses = [OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended],
        };
        var parts = new List<string>();
        await foreach (var part in client.GetAllInstancesAsync(atWork).WithCancellation(cancel))
        {
            parts.Add(part.InstanceId);
        }

        return parts;
    }

    private static async Task<IResult> OfInstanceAsync(DurableTaskClient client, string runId, Func<Task> act, CancellationToken cancel)
    {
        if (await client.GetInstanceAsync(runId, cancel) is not { } instance)
        {
            return ApiProblem.Of(404, $"{runId} is not an orchestration of this app");
        }

        if (instance.IsCompleted)
        {
            return ApiProblem.Of(409, $"{runId} has ended ({instance.RuntimeStatus})");
        }

        await act();
        return TypedResults.Accepted($"/api/runs/{runId}");
    }
}
