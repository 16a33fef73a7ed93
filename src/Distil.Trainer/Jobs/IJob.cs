namespace Distil.Trainer.Jobs;

/// <summary>The work of one kind of job.</summary>
internal interface IJob
{
    /// <summary>Runs the job. A retry after a failure resumes from what was stored and gives the same result.</summary>
    /// <returns>The job's output: small, and serialised into its result.</returns>
    /// <exception cref="OperationCanceledException">Stopped by <see cref="ComputeContext.Stop"/>, after saving a state from which the job can resume.</exception>
    Task<object> RunAsync(JobContext job);
}
