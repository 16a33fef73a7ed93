namespace Distil.Core.Pipeline;

/// <summary>All that pipeline code may use of the world. Implemented by the embedded engine (Cli) and by Durable Functions.</summary>
/// <remarks>
/// Pipeline code must be deterministic: it may be replayed from its history, and then each call here returns what it returned before.
/// So it reads no clock, random number, environment or I/O except through these members, and awaits nothing else.
/// </remarks>
public interface IPipelineContext
{
    /// <value>The run.</value>
    string RunId { get; }

    /// <value>The time of the current step, the same in every replay.</value>
    DateTimeOffset Now { get; }

    /// <summary>Calls an activity: at-least-once, retried as its policy says.</summary>
    /// <param name="activity">The activity's name, see <see cref="ActivityCatalog"/>.</param>
    /// <param name="input">Small and serialisable.</param>
    /// <exception cref="PipelineStepException">It failed for good.</exception>
    Task<TOutput> CallActivityAsync<TInput, TOutput>(ActivityName<TInput, TOutput> activity, TInput input);

    /// <summary>Runs a part of the pipeline with a history of its own, so that no history grows without bound.</summary>
    /// <param name="name">Unique in its parent.</param>
    /// <param name="pipeline">The part's name, see <see cref="PipelineCatalog"/>.</param>
    /// <param name="input">Small and serialisable.</param>
    /// <exception cref="PipelineStepException">It failed for good.</exception>
    Task<TOutput> CallSubPipelineAsync<TInput, TOutput>(string name, string pipeline, TInput input);

    /// <summary>Waits; the end survives restarts.</summary>
    Task DelayAsync(TimeSpan time);

    /// <summary>Waits for a signal from outside, for instance <c>cancel</c>.</summary>
    Task<T> WaitForSignalAsync<T>(string name);

    /// <summary>Publishes what a user sees of the run.</summary>
    void SetStatus(Runs.RunStatus status);
}
