using Distil.Core.Api.Documents;

namespace Distil.Cli.Tests.Serving;

/// <summary>A storage that takes requests and never answers.</summary>
public sealed class SlowStorageTests(SharedAzurite azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_document_that_does_not_come_is_answered_with_503_and_the_storages_name_and_later_with_itself()
    {
        using var line = new Line();
        var store = await azurite.OpenAsync($"slow-{Guid.NewGuid():n}", line);
        await using var api = await ServedApi.StartAsync(azurite, store: store, change: serve => serve with { AnswerTime = TimeSpan.FromSeconds(5) });
        await api.GetAsync<RunPage>("/api/runs");

        line.Hangs = true;
        await ServedApi.ProblemAsync(api.Client.GetAsync("/api/runs", Cancel), 503, "storage distil at 127.0.0.1", "does not answer");
        await ServedApi.ProblemAsync(api.Client.GetAsync("/api/runs/2026-01-01-000000-a-000000/spec", Cancel), 503, "does not answer");

        line.Hangs = false;
        await api.GetAsync<RunPage>("/api/runs");
    }

    private sealed class Line : DelegatingHandler
    {
        public volatile bool Hangs;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (Hangs)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            return await base.SendAsync(request, cancellationToken);
        }
    }
}
