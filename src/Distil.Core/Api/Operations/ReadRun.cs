using System.Text.Json;
using Distil.Core.Api.Documents;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Runs;

namespace Distil.Core.Api.Operations;

/// <summary>Reads a run's status and the progress of its jobs.</summary>
internal sealed class ReadRun(ArtifactStore store)
{
    private const int ReadsAtOnce = 16;

    private readonly RunFolder _runs = new(store);
    private readonly RunProgress _progress = new(store);
    private readonly SharedReads<byte[]> _reads = new(ReadsAtOnce);

    /// <returns>The <see cref="RunDetails"/> as JSON.</returns>
    public Task<byte[]> RunAsync(string runId, CancellationToken cancel) => _reads.GetAsync(runId, () => DescribeAsync(runId), cancel);

    internal static ApiProblemException NoSuchRun(string runId)
    {
        var shown = Shown.Short(runId, 100);
        return new ApiProblemException(404, $"{shown} is not a run; GET /api/runs lists those that are");
    }

    private async Task<byte[]> DescribeAsync(string runId)
    {
        var status = await _runs.FindStatusAsync(runId) ?? throw NoSuchRun(runId);
        return JsonSerializer.SerializeToUtf8Bytes(new RunDetails(status, await _progress.ReadAsync(status), RunLinks.Of(runId)), DistilJson.Options);
    }
}
