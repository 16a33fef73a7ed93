namespace Distil.Core.Pipeline;

/// <summary>Everything outside the pipeline that its code may use. Implemented by the embedded engine (Cli) and by Durable Functions.</summary>
/// <remarks>
/// Pipeline code must be deterministic: it may be replayed from its history, and then each call here returns what it returned before. It therefore reads no
/// clock, random number, environment or I/O except through these members, and awaits nothing else.
/// </remarks>
public interface IPipelineContext
{
    /// <value>The run.</value>
    string RunId { get; }

    /// <value>The time of the current step, the same in every replay.</value>
    DateTimeOffset Now { get; }

    /// <summary>Calls an activity at least once, with retries by its policy.</summary>
    /// <param name="activity">The activity's name, see <see cref="ActivityCatalog"/>.</param>
    /// <param name="input">Small and serialisable.</param>
    /// <exception cref="PipelineStepException">It failed permanently.</exception>
    Task<TOutput> CallActivityAsync<TInput, TOutput>(ActivityName<TInput, TOutput> activity, TInput input);

    /// <summary>Runs a part of the pipeline with a separate history, so that no history grows without limit.</summary>
    /// <param name="name">Unique in its parent.</param>
    /// <param name="pipeline">The part's name, see <see cref="PipelineCatalog"/>.</param>
    /// <param name="input">Small and serialisable.</param>
    /// <exception cref="PipelineStepException">It failed permanently.</exception>
    Task<TOutput> CallSubPipelineAsync<TInput, TOutput>(string name, string pipeline, TInput input);

    /// <summary>Waits; the end of the wait survives restarts. On Durable over Azure Storage it may come up to a second early.</summary>
    Task DelayAsync(TimeSpan time);

    /// <summary>Waits for a signal from outside, for instance <c>cancel</c>. The first of a name counts, also if it came before this call and in every later
    /// one.</summary>
    Task<T> WaitForSignalAsync<T>(string name);

    /// <summary>Publishes the run's status for users.</summary>
    void SetStatus(Runs.RunStatus status);
}
