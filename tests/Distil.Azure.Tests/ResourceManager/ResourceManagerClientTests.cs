using System.Net;
using System.Text.Json.Nodes;
using Distil.Azure.ResourceManager;

namespace Distil.Azure.Tests.ResourceManager;

public sealed class ResourceManagerClientTests : IAsyncLifetime
{
    private const string Path = "/subscriptions/s/things/one";
    private static readonly Answer Fine = new(200, """{"name":"one"}""");

    private readonly ImpatientTime _time = new();
    private readonly StaticCredential _credential = new();
    private LocalResourceManager _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await LocalResourceManager.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Signs_in_for_the_endpoint_that_it_calls()
    {
        _server.On($"GET {Path}", Fine);

        var found = await Client().TryGetAsync($"{Path}?api-version=1", Cancel);

        Assert.Equal("one", found!["name"]!.GetValue<string>());
        Assert.Equal(new LocalRequest("?api-version=1", "Bearer a-token"), Seen(Assert.Single(_server.Requests)));
        Assert.Equal($"{_server.Endpoint}.default", _credential.Scope);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(Answer.Drop)]
    public async Task Retries_what_may_pass(int status)
    {
        _server.On($"GET {Path}", new Answer(status), new Answer(status), new Answer(status), Fine);

        Assert.NotNull(await Client().TryGetAsync(Path, Cancel));

        Assert.Equal(4, _server.Requests.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Waits_as_long_as_the_service_asks(bool date)
    {
        // A date is in whole seconds: this one is between 1 and 2 s away.
        var due = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.AddSeconds(2).ToUnixTimeSeconds());
        _server.On($"GET {Path}", new Answer(429, "", ("Retry-After", date ? due.ToString("r") : "1")), Fine);

        Assert.NotNull(await Client().TryGetAsync(Path, Cancel));

        var arrivals = _server.Requests.Select(request => request.ArrivedAt).ToList();
        Assert.True(date ? DateTimeOffset.UtcNow > due.AddSeconds(-0.1) : arrivals[1] - arrivals[0] > TimeSpan.FromSeconds(0.9));
    }

    [Fact]
    public void Waits_for_a_minute_of_trouble_by_default()
    {
        var retry = new ResourceManagerOptions().Retry;

        Assert.Equal(
            62, Enumerable.Range(0, retry.MaxRetries).Sum(tries => Math.Min(retry.Delay.TotalSeconds * Math.Pow(2, tries), retry.MaxDelay.TotalSeconds)));
    }

    [Fact]
    public async Task Gives_up_in_the_end_with_the_services_words()
    {
        _server.On($"GET {Path}", new Answer(503, """{"error":{"code":"ServerBusy","message":"come back later"}}"""));

        var error = await Assert.ThrowsAsync<ResourceManagerException>(() => Client().TryGetAsync(Path, Cancel));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, error.Status);
        Assert.Equal($"GET {Path}: 503 ServerBusy: come back later", error.Message);
        Assert.Equal(6, _server.Requests.Count);
    }

    [Theory]
    [InlineData(400, "<html>bad gateway of sorts</html>", "<html>bad gateway of sorts</html>")]
    [InlineData(403, """{"error":{"code":"AuthorizationFailed","message":"no right to start"}}""", "AuthorizationFailed: no right to start")]
    public async Task Does_not_try_again_what_will_not_pass(int status, string body, string said)
    {
        _server.On($"POST {Path}", new Answer(status, body));

        var error = await Assert.ThrowsAsync<ResourceManagerException>(() => Client().PostAsync(Path, new JsonObject(), once: false, Cancel));

        Assert.Equal($"POST {Path}: {status} {said}", error.Message);
        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task Follows_an_operation_to_its_end()
    {
        _server.On($"POST {Path}", new Answer(202, "", ("Location", "{endpoint}/operations/1"), ("Retry-After", "30")));
        _server.On("GET /operations/1", new Answer(202, "", ("Location", "/operations/1")), new Answer(500), Fine);

        var answer = await Client().PostAsync(Path, new JsonObject(), once: false, Cancel);

        Assert.Equal("one", answer!["name"]!.GetValue<string>());
        Assert.Equal(TimeSpan.FromSeconds(30), _time.Pauses.First());
        Assert.InRange(_time.Pauses.Last(), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(6));
        Assert.Equal(1, _server.Count($"POST {Path}"));
    }

    [Theory]
    [InlineData(429, 2)]
    [InlineData(500, 1)]
    [InlineData(Answer.Drop, 1)]
    public async Task What_must_happen_once_is_asked_again_only_after_a_refusal(int status, int asked)
    {
        _server.On($"POST {Path}", new Answer(status), Fine);

        var post = Client().PostAsync(Path, new JsonObject(), once: true, Cancel);
        if (asked == 2)
        {
            Assert.NotNull(await post);
        }
        else
        {
            Assert.True((await Assert.ThrowsAsync<ResourceManagerException>(() => post)).MayHaveBeenDone);
        }

        Assert.Equal(asked, _server.Count($"POST {Path}"));
    }

    [Fact]
    public async Task Reads_every_page()
    {
        _server.On($"GET {Path}", new Answer(200, $$"""{"value":[1,2],"nextLink":"{{_server.Endpoint}}more?page=2"}"""));
        _server.On("GET /more", new Answer(200, """{"value":[3]}"""));

        var found = await Client().ListAsync(Path, Cancel).Select(item => item.GetValue<int>()).ToListAsync(Cancel);

        Assert.Equal([1, 2, 3], found);
    }

    [Fact]
    public async Task Does_not_follow_an_operation_for_ever()
    {
        _server.On($"POST {Path}", new Answer(202, "", ("Location", "/operations/1"), ("Retry-After", "300")));
        _server.On("GET /operations/1", new Answer(202, "", ("Location", "/operations/1"), ("Retry-After", "300")));

        var error = await Assert.ThrowsAsync<ResourceManagerException>(() => Client().PostAsync(Path, new JsonObject(), once: false, Cancel));

        Assert.Equal($"POST {Path} is still under way after 00:20:00", error.Message);
    }

    [Fact]
    public async Task Takes_its_token_to_no_other_host()
    {
        _server.On($"POST {Path}", new Answer(202, "", ("Location", "http://localhost.invalid/operations/1")));

        var error = await Assert.ThrowsAsync<ResourceManagerException>(() => Client().PostAsync(Path, new JsonObject(), once: false, Cancel));

        Assert.Contains("localhost.invalid", error.Message);
    }

    private ResourceManagerClient Client() => _server.Client(_credential, _time);

    private static LocalRequest Seen(LocalResourceManager.Request request) => new(request.Query, request.Authorization);

    private sealed record LocalRequest(string Query, string Authorization);
}
