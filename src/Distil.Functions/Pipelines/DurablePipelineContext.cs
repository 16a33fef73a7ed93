using System.Text.Json;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Distil.Functions.Activities;
using Microsoft.DurableTask;

namespace Distil.Functions.Pipelines;

/// <summary>The pipeline's context over Durable Task.</summary>
internal sealed class DurablePipelineContext(TaskOrchestrationContext durable) : IPipelineContext
{
    private readonly Dictionary<string, Task> _signals = [];
    private RunStatus? _latest, _written;
    private Task _writing = Task.CompletedTask;

    /// <inheritdoc />
    public string RunId { get; } = InstanceId.RunOf(durable.InstanceId);

    /// <inheritdoc />
    public DateTimeOffset Now => durable.CurrentUtcDateTime;

    /// <inheritdoc />
    public Task<TOutput> CallActivityAsync<TInput, TOutput>(ActivityName<TInput, TOutput> activity, TInput input) =>
        StepAsync<TOutput>(
            activity.Id, () => durable.CallActivityAsync<JsonElement>(activity.Id, StepAnswer.ToJson(input), ActivityRetries.Of(activity.Retries)));

    /// <inheritdoc />
    public Task<TOutput> CallSubPipelineAsync<TInput, TOutput>(string name, string pipeline, TInput input) =>
        StepAsync<TOutput>(name, () => durable.CallSubOrchestratorAsync<JsonElement>(
            pipeline, StepAnswer.ToJson(input), new SubOrchestrationOptions(instanceId: InstanceId.Of(durable.InstanceId, name))));

    /// <inheritdoc />
    public Task DelayAsync(TimeSpan time) => durable.CreateTimer(time, CancellationToken.None);

    /// <inheritdoc />
    public Task<T> WaitForSignalAsync<T>(string name)
    {
        // Durable would wait for a second event.
        if (!_signals.TryGetValue(name, out var signal))
        {
            _signals.Add(name, signal = durable.WaitForExternalEvent<T>(name));
        }

        return (Task<T>)signal;
    }

    /// <inheritdoc />
    public void SetStatus(RunStatus status)
    {
        durable.SetCustomStatus(StepAnswer.ToJson(CustomStatus.Of(status)));
        _latest = status;
        if (_writing.IsCompleted)
        {
            _writing = WriteAsync();
        }
    }

    /// <summary>Publishes that the run has failed although its pipeline has no outcome.</summary>
    /// <returns>The run's outcome.</returns>
    public RunOutcome Fail(JobFailure failure)
    {
        var last = _latest ?? new RunStatus { RunId = RunId, State = RunState.Running, StartedAt = Now, UpdatedAt = Now };
        SetStatus(last with { State = RunState.Failed, LastFailure = failure, Jobs = [], UpdatedAt = Now });
        return new RunOutcome(RunState.Failed, failure);
    }

    /// <summary>Returns when the latest status is stored.</summary>
    public Task FlushAsync() => _writing;

    // Statuses are written one after another, and only the latest of several that wait: an older one must not come last.
    private async Task WriteAsync()
    {
        while (_written != _latest)
        {
            _written = _latest;
            await CallActivityAsync(WriteStatus.Name, _written!);
        }
    }

    private static async Task<TOutput> StepAsync<TOutput>(string step, Func<Task<JsonElement>> call)
    {
        try
        {
            return StepAnswer.Read<TOutput>(step, await call());
        }
        catch (TaskFailedException failed)
        {
            throw new PipelineStepException(step, new JobFailure(
                FailureClass.Transient, $"{step}: {failed.FailureDetails.ErrorMessage}", failed.FailureDetails.ToString()));
        }
    }
}
