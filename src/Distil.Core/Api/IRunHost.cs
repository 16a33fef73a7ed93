using Distil.Core.Pipeline;

namespace Distil.Core.Api;

/// <summary>Executes runs: starts their pipelines and passes signals to them.</summary>
/// <remarks>
/// There are two: the embedded engine (Distil.Cli) and Durable Task (Distil.Functions). Both are safe to use from many threads, and no call waits for the run.
/// A run's <c>spec.json</c> and <c>plan.json</c> are in storage before it is scheduled.
/// </remarks>
public interface IRunHost
{
    /// <summary>Starts the pipeline <see cref="PipelineCatalog.Distill"/> of a run; returns once the host has stored that.</summary>
    /// <remarks>Idempotent: scheduling a run that is scheduled, running or ended changes nothing, so a caller that got no answer may call again.</remarks>
    /// <param name="input">The run.</param>
    /// <param name="cancel">Cancels the call, not the run.</param>
    Task ScheduleAsync(PipelineInput input, CancellationToken cancel);

    /// <summary>Starts the pipeline of a run again whose pipeline has ended and which <see cref="Runs.RunRetry"/> has prepared.</summary>
    /// <param name="input">The run.</param>
    /// <param name="cancel">Cancels the call, not the run.</param>
    Task RestartAsync(PipelineInput input, CancellationToken cancel);

    /// <summary>Deletes what this host keeps of a run that has been deleted from storage, for instance copies of its model.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancel">Cancels the call.</param>
    Task ForgetAsync(string runId, CancellationToken cancel);

    /// <summary>Sends a signal to a run's pipeline, for instance <see cref="DistillPipeline.CancelSignal"/>; returns once the host has stored it.</summary>
    /// <remarks>No error if the run has ended: it may end while the signal is on its way.</remarks>
    /// <param name="runId">The run, which was scheduled before.</param>
    /// <param name="signal">The signal's name. A second signal of that name is ignored.</param>
    /// <param name="value">The signal's value.</param>
    /// <param name="cancel">Cancels the call.</param>
    Task SignalAsync(string runId, string signal, string value, CancellationToken cancel);
}
