using System.Net;

namespace Distil.Cli.Tests.Serving;

public sealed class LiveViewRouteTests(SharedAzurite azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "text/html")]
    [InlineData("views/run.js", "text/javascript")]
    [InlineData("samples/index.json", "application/json")]
    public async Task Its_files_are_served_under_a_policy_that_allows_no_other_site(string name, string contentType)
    {
        await using var api = await ServedApi.StartAsync(azurite);
        using var file = await api.Client.GetAsync($"/{name}", Cancel);
        Assert.Equal((HttpStatusCode.OK, contentType), (file.StatusCode, file.Content.Headers.ContentType?.MediaType));
        Assert.StartsWith("default-src 'none'", file.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.True(file.Headers.CacheControl?.NoCache);
    }

    [Fact]
    public async Task A_file_that_the_browser_has_is_not_sent_again()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        using var first = await api.Client.GetAsync("/main.js", Cancel);
        using var again = await AskAsync("/main.js");
        Assert.Equal((HttpStatusCode.NotModified, first.Headers.ETag), (again.StatusCode, again.Headers.ETag));
        Assert.Empty(await again.Content.ReadAsByteArrayAsync(Cancel));
        using var another = await AskAsync("/style.css");
        Assert.Equal(HttpStatusCode.OK, another.StatusCode);

        Task<HttpResponseMessage> AskAsync(string path)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.IfNoneMatch.Add(first.Headers.ETag!);
            return api.Client.SendAsync(request, Cancel);
        }
    }

    [Theory]
    [InlineData("/no.js")]
    [InlineData("/views/LiveSite.cs")]
    public async Task Other_paths_are_not_found(string path)
    {
        await using var api = await ServedApi.StartAsync(azurite);
        await ServedApi.ProblemAsync(api.Client.GetAsync(path, Cancel), 404, path);
    }
}
