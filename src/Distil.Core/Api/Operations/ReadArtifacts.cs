using Distil.Core.Api.Documents;
using Distil.Core.Api.Requests;
using Distil.Core.Artifacts;
using Distil.Core.Specification;

namespace Distil.Core.Api.Operations;

/// <summary>Lists and opens a run's files.</summary>
internal sealed class ReadArtifacts(ArtifactStore store)
{
    private readonly ArtifactReader _reader = new(store);

    public async Task<ArtifactPage> ListAsync(string runId, string? limit, string? continuationToken, CancellationToken cancel)
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
                return new ArtifactPage(page, Paging.TokenAfter(page[^1].Name));
            }

            page.Add(new RunArtifact(name, blob.Bytes, blob.ModifiedAt, $"{RunLinks.Of(runId).Artifacts}/{name}"));
        }

        return page.Count > 0 || paging.After is not null ? new ArtifactPage(page) : throw ReadRun.NoSuchRun(runId);
    }

    public async Task<IReadOnlyList<string>> ModelFilesAsync(string runId, CancellationToken cancel)
    {
        var folder = ArtifactLayout.Run(runId);
        var files = new List<string>();
        if (await store.ExistsAsync(ArtifactLayout.ReportData(runId), cancel)) // written last: without it, files may be missing
        {
            await foreach (var blob in store.ListAsync(ArtifactLayout.Model(runId, StudentVariant.Distilled), cancel))
            {
                files.Add(blob.Name[folder.Length..]);
            }
        }

        return files.Count > 0 ? files : throw new ApiProblemException(404, $"{runId} has no model; a run has one when it has succeeded");
    }

    public async Task<ArtifactContent> OpenAsync(string runId, string name, CancellationToken cancel) =>
        (RequestNames.IsArtifact(name) ? await _reader.TryOpenAsync(ArtifactLayout.Run(runId) + name, cancel) : null)
        ?? throw new ApiProblemException(404, $"{runId} has no such artifact; GET {RunLinks.Of(runId).Artifacts} lists those it has");
}
