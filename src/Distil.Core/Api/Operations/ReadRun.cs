using System.Security.Cryptography;
using System.Text.Json;
using Distil.Core.Api.Documents;
using Distil.Core.Artifacts;
using Distil.Core.Runs;

namespace Distil.Core.Api.Operations;

/// <summary>Says where a run stands; 304 to one who knows it already.</summary>
internal sealed class ReadRun(ArtifactStore store)
{
    private const int ReadsAtOnce = 16;

    private readonly RunFolder _runs = new(store);
    private readonly RunProgress _progress = new(store);
    private readonly SharedReads<byte[]> _reads = new(ReadsAtOnce);

    public async Task<ApiResponse> RunAsync(string runId, string? ifNoneMatch, CancellationToken cancel)
    {
        var content = await _reads.GetAsync(runId, () => DescribeAsync(runId), cancel);
        var etag = $"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..32]}\"";
        (string, string)[] headers = [("ETag", etag), ("Cache-Control", "no-cache")]; // kept, and asked about each time
        return Matches(ifNoneMatch, etag)
            ? new ApiResponse { Status = 304, Headers = headers.ToDictionary(header => header.Item1, header => header.Item2) }
            : ApiResponse.Of(content, ApiResponse.JsonType, 200, headers);
    }

    internal static ApiProblemException NoSuchRun(string runId)
    {
        var shown = runId.Length > 100 ? runId[..100] + "…" : runId;
        return new ApiProblemException(404, $"{shown} is not a run; GET /api/runs lists those that are");
    }

    private async Task<byte[]> DescribeAsync(string runId)
    {
        var status = await _runs.FindStatusAsync(runId) ?? throw NoSuchRun(runId);
        return JsonSerializer.SerializeToUtf8Bytes(new RunDetails(status, await _progress.ReadAsync(status), RunLinks.Of(runId)), DistilJson.Options);
    }

    private static bool Matches(string? ifNoneMatch, string etag) =>
        ifNoneMatch?.Split(',', StringSplitOptions.TrimEntries).Any(tag => tag == "*" || tag == etag || tag == $"W/{etag}") ?? false;
}
