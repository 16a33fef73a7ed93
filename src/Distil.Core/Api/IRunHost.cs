using Distil.Core.Pipeline;

namespace Distil.Core.Api;

/// <summary>What the API needs of a host: to start a run's pipeline, and to reach it while it goes on.</summary>
/// <remarks>
/// Two exist: the embedded engine (Distil.Cli) and Durable Task (Distil.Functions). Both are safe to call from many threads at once, and
/// neither call waits for the run. The run's <c>spec.json</c> and <c>plan.json</c> are in storage before it is scheduled.
/// </remarks>
public interface IRunHost
{
    /// <summary>Has the pipeline <see cref="PipelineCatalog.Distill"/> run; returns when the host will not forget it.</summary>
    /// <remarks>Idempotent: scheduling a run that is scheduled, at work or ended changes nothing. So a caller that lost the answer, or its life, asks again.</remarks>
    /// <param name="input">The run.</param>
    /// <param name="cancel">Cancels the call, not the run.</param>
    Task ScheduleAsync(PipelineInput input, CancellationToken cancel);

    /// <summary>Gives a run's pipeline a signal, for instance <see cref="DistillPipeline.CancelSignal"/>; returns when the host will not forget it.</summary>
    /// <remarks>No error where the run has ended: signal and end may cross.</remarks>
    /// <param name="runId">The run; scheduled before.</param>
    /// <param name="signal">The signal's name. A second one of that name counts for nothing.</param>
    /// <param name="value">What the pipeline gets with it.</param>
    /// <param name="cancel">Cancels the call.</param>
    Task SignalAsync(string runId, string signal, string value, CancellationToken cancel);
}
