namespace Distil.Trainer.Jobs;

/// <summary>What one kind of job does.</summary>
internal interface IJob
{
    /// <summary>Does the job. Done again after a failure it goes on from what it left, and gives the same result.</summary>
    /// <returns>What the job has to say: small, serialised into its result.</returns>
    /// <exception cref="OperationCanceledException">Stopped by <see cref="JobContext.Stop"/>, after saving what can be gone on from.</exception>
    Task<object> RunAsync(JobContext job);
}
