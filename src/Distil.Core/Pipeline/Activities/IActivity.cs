namespace Distil.Core.Pipeline.Activities;

/// <summary>One step that touches the world. Called at least once, so doing it twice must be as good as doing it once.</summary>
public interface IActivity<in TInput, TOutput>
{
    /// <summary>Does the step.</summary>
    Task<TOutput> RunAsync(TInput input, CancellationToken cancel);
}
