using System.Text.Json;
using Distil.Core.Api.Documents;
using Distil.Core.Artifacts;
using Distil.Core.Pipeline;
using Distil.Core.Runs;

namespace Distil.Core.Api.Operations;

/// <summary>Requests that a run is cancelled; its checkpoints are not deleted.</summary>
internal sealed class CancelRun(ArtifactStore store, IRunHost host)
{
    private readonly RunFolder _runs = new(store);

    public async Task<ApiResponse> RunAsync(string runId, CancellationToken cancel)
    {
        var status = await _runs.FindStatusAsync(runId, cancel) ?? throw ReadRun.NoSuchRun(runId);
        if (status.HasEnded)
        {
            throw new ApiProblemException(409, $"{runId} has ended already: {JsonNamingPolicy.CamelCase.ConvertName(status.State.ToString())}");
        }

        await host.SignalAsync(runId, DistillPipeline.CancelSignal, "asked for over HTTP", cancel);
        var links = RunLinks.Of(runId);
        return ApiResponse.Json(new SubmittedRun(runId, links), 202, ("Location", links.Self));
    }
}
