using Distil.Core.Api;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Distil.Functions.Hosting;

/// <summary>Runs as Durable orchestrations: an instance a run, by the run's id.</summary>
/// <param name="runs">Says of a run whose instance was purged that it has ended.</param>
/// <remarks>Functions get their client with each call (<see cref="Use"/>); all of them reach the same hub.</remarks>
public sealed class DurableRunHost(RunFolder runs) : IRunHost
{
    private volatile DurableTaskClient? _latest;

    private DurableTaskClient Client => _latest ?? throw new InvalidOperationException("no function has given its client yet");

    /// <summary>Takes the client of the call at hand.</summary>
    public DurableRunHost Use(DurableTaskClient client)
    {
        _latest = client;
        return this;
    }

    /// <inheritdoc />
    public async Task ScheduleAsync(PipelineInput input, CancellationToken cancel)
    {
        if (await IsKnownAsync(input.RunId, cancel))
        {
            return;
        }

        try
        {
            await Client.ScheduleNewOrchestrationInstanceAsync(
                PipelineCatalog.Distill, Distil.Functions.Activities.StepAnswer.ToJson(input), new StartOrchestrationOptions(InstanceId: input.RunId), cancel);
        }
        catch (Exception refused) when (refused is not OperationCanceledException)
        {
            // Durable refuses an instance that another call has scheduled meanwhile.
            if (!await IsKnownAsync(input.RunId, cancel))
            {
                throw;
            }
        }
    }

    /// <inheritdoc />
    public async Task SignalAsync(string runId, string signal, string value, CancellationToken cancel)
    {
        if (await Client.GetInstanceAsync(runId, cancel) is { IsCompleted: false })
        {
            await Client.RaiseEventAsync(runId, signal, value, cancel);
        }
    }

    private async Task<bool> IsKnownAsync(string runId, CancellationToken cancel) =>
        await Client.GetInstanceAsync(runId, cancel) is not null || await runs.TryReadStatusAsync(runId, cancel) is { State: not RunState.Running };
}
