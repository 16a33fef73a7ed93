using Distil.Core.Api.Documents;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Runs;

namespace Distil.Core.Api.Operations;

/// <summary>Lets a run that failed, was cancelled or was interrupted go on from its artifacts and its last complete checkpoint.</summary>
internal sealed class RetryRun(ArtifactStore store)
{
    private readonly RunFolder _runs = new(store);
    private readonly RunRetry _retry = new(store);

    public async Task<SubmittedRun> RunAsync(IRunHost host, string runId, CancellationToken cancel)
    {
        var status = await _runs.FindStatusAsync(runId, cancel) ?? throw ReadRun.NoSuchRun(runId);
        if (status.State is RunState.Running or RunState.Succeeded)
        {
            throw new ApiProblemException(
                409, $"{runId} is {DistilJson.Word(status.State)}; expected a run that failed, was cancelled or was interrupted");
        }

        try
        {
            // From here on the run's documents change, whether or not its client still listens.
            await _retry.PrepareAsync(runId, CancellationToken.None);
            await host.RestartAsync(await _runs.ReadInputAsync(runId, CancellationToken.None), CancellationToken.None);
            return SubmittedRun.Of(runId);
        }
        catch (InvalidInputException changed)
        {
            throw new ApiProblemException(409, changed.Message);
        }
    }
}
