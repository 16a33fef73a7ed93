using Distil.Core.Api.Documents;
using Distil.Core.Api.Requests;
using Distil.Core.Artifacts;
using Distil.Core.Runs;

namespace Distil.Core.Api.Operations;

/// <summary>Lists runs, newest first. Runs that start between two pages neither shift nor repeat what later pages contain.</summary>
internal sealed class ListRuns(ArtifactStore store)
{
    private readonly RunFolder _runs = new(store);

    public async Task<RunPage> RunAsync(RunFilter filter, string? limit, string? continuationToken, CancellationToken cancel)
    {
        var paging = Paging.Parse(limit, continuationToken);
        var state = filter.ParseState();
        var rest = (await _runs.ListIdsAsync(cancel))
            .Where(id => (paging.After is null || string.CompareOrdinal(id, paging.After) < 0) && filter.FitsName(id)).ToList();
        var found = new List<RunStatus>();
        var read = 0;
        while (read < rest.Count && found.Count < paging.Limit)
        {
            // Statuses are read in pieces of what is still missing: a piece never brings more than the page takes.
            var piece = rest.Skip(read).Take(paging.Limit - found.Count).ToList();
            found.AddRange((await _runs.FindStatusesAsync(piece, cancel)).Where(status => state is null || status.State == state));
            read += piece.Count;
        }

        return new RunPage(found, read < rest.Count ? Paging.TokenAfter(rest[read - 1]) : null);
    }
}
