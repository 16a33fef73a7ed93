using Distil.Core.Api.Documents;
using Distil.Core.Artifacts;
using Distil.Core.Pipeline;
using Distil.Core.Runs;

namespace Distil.Core.Api.Operations;

/// <summary>Cancels a run; its checkpoints are not deleted.</summary>
internal sealed class CancelRun(ArtifactStore store)
{
    private readonly RunFolder _runs = new(store);

    public async Task<SubmittedRun> RunAsync(IRunHost host, string runId, CancellationToken cancel)
    {
        var status = await _runs.FindStatusAsync(runId, cancel) ?? throw ReadRun.NoSuchRun(runId);
        if (status.HasEnded)
        {
            throw new ApiProblemException(409, $"{runId} has ended already: {DistilJson.Word(status.State)}");
        }

        await host.SignalAsync(runId, DistillPipeline.CancelSignal, "asked for over HTTP", cancel);
        return SubmittedRun.Of(runId);
    }
}
