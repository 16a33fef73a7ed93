using Distil.Core.Api;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Distil.Functions.Activities;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Distil.Functions.Hosting;

/// <summary>Runs as Durable orchestrations: one instance per run, with the run's id.</summary>
/// <param name="runs">Tells whether a run whose instance was purged has ended.</param>
/// <param name="client">The client that Durable gives to a function's call.</param>
public sealed class DurableRunHost(RunFolder runs, DurableTaskClient client) : IRunHost
{
    /// <value>How often a job is usually polled. Each poll is three billed actions of Durable Task Scheduler, and a container needs many seconds to start:
    /// with these delays a teach job of two minutes takes some forty actions.</value>
    public static Polling UsualPolling { get; } = new() { Share = 0.2, MinMilliseconds = 10_000, MaxMilliseconds = 60_000 };

    /// <value>How often a job is polled.</value>
    public Polling Polling { get; init; } = UsualPolling;

    /// <inheritdoc />
    public async Task ScheduleAsync(PipelineInput input, CancellationToken cancel)
    {
        if (await IsKnownAsync(input.RunId, cancel))
        {
            return;
        }

        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(
                PipelineCatalog.Distill, StepAnswer.ToJson(input with { Polling = Polling }), new StartOrchestrationOptions(InstanceId: input.RunId), cancel);
        }
        catch (Exception refused) when (refused is not OperationCanceledException)
        {
            // Durable refuses an instance that another call has scheduled in the meantime.
            if (!await IsKnownAsync(input.RunId, cancel))
            {
                throw;
            }
        }
    }

    /// <inheritdoc />
    /// <remarks>The instances of the ended pipeline and of its parts are purged: new ones get their ids.</remarks>
    public async Task RestartAsync(PipelineInput input, CancellationToken cancel)
    {
        await ForgetAsync(input.RunId, cancel);
        await ScheduleAsync(input, cancel);
    }

    /// <inheritdoc />
    public async Task ForgetAsync(string runId, CancellationToken cancel)
    {
        await foreach (var part in client.GetAllInstancesAsync(new OrchestrationQuery { InstanceIdPrefix = $"{runId}:" }).WithCancellation(cancel))
        {
            await client.PurgeInstanceAsync(part.InstanceId, cancellation: cancel);
        }

        await client.PurgeInstanceAsync(runId, cancellation: cancel);
    }

    /// <inheritdoc />
    public async Task SignalAsync(string runId, string signal, string value, CancellationToken cancel)
    {
        if (await client.GetInstanceAsync(runId, cancel) is { IsCompleted: false })
        {
            await client.RaiseEventAsync(runId, signal, value, cancel);
        }
    }

    private async Task<bool> IsKnownAsync(string runId, CancellationToken cancel) =>
        await client.GetInstanceAsync(runId, cancel) is not null || await runs.TryReadStatusAsync(runId, cancel) is { HasEnded: true };
}
