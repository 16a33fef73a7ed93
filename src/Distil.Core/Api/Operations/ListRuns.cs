using Distil.Core.Api.Documents;
using Distil.Core.Api.Requests;
using Distil.Core.Artifacts;
using Distil.Core.Runs;

namespace Distil.Core.Api.Operations;

/// <summary>Lists runs, newest first. Runs that start between two pages neither shift nor repeat what later pages contain.</summary>
internal sealed class ListRuns(ArtifactStore store)
{
    private readonly RunFolder _runs = new(store);

    public async Task<RunPage> RunAsync(string? limit, string? continuationToken, CancellationToken cancel)
    {
        var paging = Paging.Parse(limit, continuationToken);
        var rest = (await _runs.ListIdsAsync(cancel)).Where(id => paging.After is null || string.CompareOrdinal(id, paging.After) < 0).ToList();
        var page = rest.Take(paging.Limit).ToList();
        var token = rest.Count > page.Count ? Paging.TokenAfter(page[^1]) : null;
        return new RunPage(await _runs.FindStatusesAsync(page, cancel), token);
    }
}
