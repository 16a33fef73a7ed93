using Distil.Core.Errors;
using Distil.Core.Pipeline;
using Distil.Core.Runs;

namespace Distil.Core.Api;

/// <summary>Reads what a stored run's pipeline needs. Pipelines themselves read no storage.</summary>
public static class StoredRuns
{
    /// <summary>Reads the documents of a run that exists, and creates the pipeline's input.</summary>
    /// <param name="runs">The folder of runs.</param>
    /// <param name="runId">The run.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">There is no such run.</exception>
    public static async Task<PipelineInput> ReadInputAsync(this RunFolder runs, string runId, CancellationToken cancel)
    {
        var (spec, plan) = await runs.ReadAsync(runId, cancel);
        return PipelineInput.From(spec, plan) with { Earlier = (await runs.TryReadStatusAsync(runId, cancel))?.Earlier ?? [] };
    }
}
