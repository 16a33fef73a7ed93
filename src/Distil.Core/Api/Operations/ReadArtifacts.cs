using Distil.Core.Api.Documents;
using Distil.Core.Api.Requests;
using Distil.Core.Artifacts;

namespace Distil.Core.Api.Operations;

/// <summary>Lists a run's files and returns them.</summary>
internal sealed class ReadArtifacts(ArtifactStore store)
{
    private readonly ArtifactReader _reader = new(store);

    public async Task<ApiResponse> ListAsync(string runId, string? limit, string? continuationToken, CancellationToken cancel)
    {
        var paging = Paging.Parse(limit, continuationToken);
        var folder = ArtifactLayout.Run(runId);
        var page = new List<RunArtifact>();
        await foreach (var blob in store.ListAsync(folder, cancel))
        {
            var name = blob.Name[folder.Length..];
            if (paging.After is not null && string.CompareOrdinal(name, paging.After) <= 0)
            {
                continue;
            }

            if (page.Count == paging.Limit)
            {
                return ApiResponse.Json(new ArtifactPage(page, Paging.TokenAfter(page[^1].Name)));
            }

            page.Add(new RunArtifact(name, blob.Bytes, blob.ModifiedAt, $"{RunLinks.Of(runId).Artifacts}/{name}"));
        }

        return page.Count > 0 || paging.After is not null ? ApiResponse.Json(new ArtifactPage(page)) : throw ReadRun.NoSuchRun(runId);
    }

    public async Task<ApiResponse> OpenAsync(string runId, string name, CancellationToken cancel)
    {
        var artifact = Names.IsArtifact(name) ? await _reader.TryOpenAsync(ArtifactLayout.Run(runId) + name, cancel) : null;
        if (artifact is null)
        {
            throw new ApiProblemException(404, $"{runId} has no such artifact; GET {RunLinks.Of(runId).Artifacts} lists those it has");
        }

        // Always a download: a file from a run must not act as a page of this server.
        return new ApiResponse
        {
            Status = 200,
            ContentType = name.EndsWith(".json", StringComparison.Ordinal) ? ApiResponse.JsonType : "application/octet-stream",
            Content = artifact.Content,
            Bytes = artifact.Bytes,
            Headers = new Dictionary<string, string>
            {
                ["ETag"] = artifact.ETag,
                ["Content-Disposition"] = $"attachment; filename=\"{name[(name.LastIndexOf('/') + 1)..]}\"",
            },
        };
    }
}
