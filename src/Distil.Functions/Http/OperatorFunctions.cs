using Distil.Core.Api;
using Distil.Core.Runs;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Distil.Functions.Http;

/// <summary>Operations that only Durable offers. For operators: they need the app's master key.</summary>
/// <param name="runs">Receives the status if an orchestration can no longer write it.</param>
/// <param name="time">The clock for its time.</param>
public sealed class OperatorFunctions(RunFolder runs, TimeProvider time)
{
    /// <summary>Suspends a run's pipeline; its running jobs continue.</summary>
    [Function("suspend-run")]
    public Task<IResult> SuspendAsync(
        [HttpTrigger(AuthorizationLevel.Admin, "post", Route = "api/runs/{runId}/suspend")] HttpRequest request,
        [DurableClient] DurableTaskClient client, string runId, CancellationToken cancel) =>
        OfInstanceAsync(client, runId, () => client.SuspendInstanceAsync(runId, "asked for", cancel), cancel);

    /// <summary>Resumes a suspended run.</summary>
    [Function("resume-run")]
    public Task<IResult> ResumeAsync(
        [HttpTrigger(AuthorizationLevel.Admin, "post", Route = "api/runs/{runId}/resume")] HttpRequest request,
        [DurableClient] DurableTaskClient client, string runId, CancellationToken cancel) =>
        OfInstanceAsync(client, runId, () => client.ResumeInstanceAsync(runId, "asked for", cancel), cancel);

    /// <summary>Ends a run's orchestrations at once, if they do not react to cancel. Its running jobs run to their end.</summary>
    [Function("terminate-run")]
    public Task<IResult> TerminateAsync(
        [HttpTrigger(AuthorizationLevel.Admin, "post", Route = "api/runs/{runId}/terminate")] HttpRequest request,
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

    // Durable's recursive termination is not used, because not every back end supports it.
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
            return await RunFunctions.AnswerAsync(Task.FromResult(ApiResponse.Problem(ApiProblem.Of(404, $"{runId} is not an orchestration of this app"))));
        }

        if (instance.IsCompleted)
        {
            return await RunFunctions.AnswerAsync(Task.FromResult(ApiResponse.Problem(ApiProblem.Of(409, $"{runId} has ended ({instance.RuntimeStatus})"))));
        }

        await act();
        return Results.Accepted($"/api/runs/{runId}");
    }
}
