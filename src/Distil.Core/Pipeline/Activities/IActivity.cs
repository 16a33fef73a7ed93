namespace Distil.Core.Pipeline.Activities;

/// <summary>One step with side effects. It is called at least once, so a second call must have the same effect as one.</summary>
public interface IActivity<in TInput, TOutput>
{
    /// <summary>Performs the step.</summary>
    Task<TOutput> RunAsync(TInput input, CancellationToken cancel);
}
