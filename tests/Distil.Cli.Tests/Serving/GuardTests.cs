using System.Text;
using Distil.Core.Api.Documents;

namespace Distil.Cli.Tests.Serving;

public sealed class GuardTests(SharedAzurite azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("rebound.example", 421)]
    [InlineData("127.0.0.1.example:80", 421)]
    [InlineData("10.0.0.1", 421)]
    [InlineData("localhost:1234", 200)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("[::1]:80", 200)]
    public async Task On_loopback_no_other_name_is_answered_to(string host, int status)
    {
        await using var api = await ServedApi.StartAsync(azurite);
        foreach (var path in (string[])["/api/runs", "/openapi.json"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Host = host;
            using var response = await api.Client.SendAsync(request, Cancel);
            Assert.Equal(status, (int)response.StatusCode);
        }
    }

    [Fact]
    public async Task A_name_that_a_proxy_gives_the_server_is_allowed_if_it_was_named_and_the_refusal_says_how()
    {
        await using var api = await ServedApi.StartAsync(azurite, change: serve => serve with { AllowedHosts = ["distil.example"] });
        using var named = new HttpRequestMessage(HttpMethod.Get, "/api/runs") { Headers = { Host = "distil.example" } };
        using var answer = await api.Client.SendAsync(named, Cancel);
        Assert.Equal(200, (int)answer.StatusCode);

        var run = await api.NewRunAsync();
        using var own = new HttpRequestMessage(HttpMethod.Post, $"/api/runs/{run}/cancel");
        own.Headers.Add("Origin", "https://distil.example"); // a proxy that passes on this server's own name as Host
        using var response = await api.Client.SendAsync(own, Cancel);
        await ServedApi.ReadAsync<SubmittedRun>(response, 202);

        using var other = new HttpRequestMessage(HttpMethod.Get, "/api/runs") { Headers = { Host = "other.example" } };
        await ServedApi.ProblemAsync(api.Client.SendAsync(other, Cancel), 421, "--allowed-host other.example");
    }

    [Fact]
    public async Task Pages_of_other_sites_can_start_and_stop_nothing()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await api.NewRunAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/runs/{run}/cancel");
        request.Headers.Add("Origin", "https://elsewhere.example");
        await ServedApi.ProblemAsync(api.Client.SendAsync(request, Cancel), 403, "Origin");
        Assert.Empty(api.Host.Signals);

        using var own = new HttpRequestMessage(HttpMethod.Post, $"/api/runs/{run}/cancel");
        own.Headers.Add("Origin", $"http://{api.Client.BaseAddress!.Authority}");
        using var response = await api.Client.SendAsync(own, Cancel);
        await ServedApi.ReadAsync<SubmittedRun>(response, 202);
    }

    [Fact]
    public async Task Pages_of_other_sites_can_read_nothing()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        using var request = new HttpRequestMessage(HttpMethod.Options, "/api/runs");
        request.Headers.Add("Origin", "https://elsewhere.example");
        request.Headers.Add("Access-Control-Request-Method", "POST");
        using var preflight = await api.Client.SendAsync(request, Cancel);
        Assert.False(preflight.IsSuccessStatusCode);

        using var plain = new HttpRequestMessage(HttpMethod.Get, "/api/runs");
        plain.Headers.Add("Origin", "https://elsewhere.example");
        using var answer = await api.Client.SendAsync(plain, Cancel);
        Assert.DoesNotContain(preflight.Headers.Concat(answer.Headers), header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task The_API_key_opens_everything_and_nothing_else_does()
    {
        await using var api = await ServedApi.StartAsync(azurite, ServedApi.ApiKey);
        string?[] wrong = [null, "Bearer", "Bearer ", "Bearer wrong", $"Bearer {ServedApi.ApiKey[..^1]}", $"Bearer {ServedApi.ApiKey}x",
            $"Token {ServedApi.ApiKey}", "Basic ???", Basic("wrong"), "Basic YQ=="];
        foreach (var authorization in wrong)
        {
            foreach (var path in (string[])["/api/runs", "/openapi.json", "/", "/api/schema", "/api/nothing"])
            {
                await ServedApi.ProblemAsync(SendAsync(path, authorization), 401, "API key");
            }
        }

        foreach (var authorization in (string[])[$"Bearer {ServedApi.ApiKey}", $"bearer {ServedApi.ApiKey}", Basic(ServedApi.ApiKey)])
        {
            using var response = await SendAsync("/api/runs", authorization);
            Assert.Equal(200, (int)response.StatusCode);
        }

        using var health = await SendAsync("/api/health", null);
        Assert.Equal(200, (int)health.StatusCode);

        static string Basic(string key) => $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"anybody:{key}"))}";

        Task<HttpResponseMessage> SendAsync(string path, string? authorization)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (authorization is not null)
            {
                request.Headers.TryAddWithoutValidation("Authorization", authorization);
            }

            return api.Client.SendAsync(request, Cancel);
        }
    }

    [Fact]
    public async Task The_token_in_the_printed_address_becomes_a_cookie_and_without_either_nothing_is_shown()
    {
        const string Token = "0123456789abcdef0123456789abcdef";
        await using var api = await ServedApi.StartAsync(azurite, change: serve => serve with { Token = Token });
        foreach (var path in (string[])["/api/runs", "/openapi.json", "/main.js", "/api/runs?token=wrong", "/?token="])
        {
            await ServedApi.ProblemAsync(SendAsync(path), 401, "token");
        }

        await ServedApi.ProblemAsync(api.Client.PostAsync($"/api/plan?token={Token}", null, Cancel), 401, "token"); // an address alone changes nothing
        using var question = await SendAsync("/", accept: "text/html");
        Assert.Equal(401, (int)question.StatusCode);
        Assert.Contains("name=\"token\"", await question.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);

        using var opened = await SendAsync($"/?a=b&token={Token}");
        Assert.Equal((302, "/?a=b"), ((int)opened.StatusCode, opened.Headers.Location!.ToString()));
        var cookie = Assert.Single(opened.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);

        using var seen = await SendAsync("/api/runs", cookie: cookie.Split(';')[0]);
        Assert.Equal(200, (int)seen.StatusCode);
        await ServedApi.ProblemAsync(SendAsync("/api/runs", cookie: cookie.Split('=')[0] + "=wrong"), 401, "token");
        using var program = await SendAsync("/api/runs", authorization: $"Bearer {Token}");
        Assert.Equal(200, (int)program.StatusCode);
        using var health = await SendAsync("/api/health");
        Assert.Equal(200, (int)health.StatusCode);

        async Task<HttpResponseMessage> SendAsync(string path, string? accept = null, string? cookie = null, string? authorization = null)
        {
            using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = api.Client.BaseAddress };
            var request = new HttpRequestMessage(HttpMethod.Get, path);
            foreach (var (name, value) in (ReadOnlySpan<(string, string?)>)[("Accept", accept), ("Cookie", cookie), ("Authorization", authorization)])
            {
                if (value is not null)
                {
                    request.Headers.TryAddWithoutValidation(name, value);
                }
            }

            return await client.SendAsync(request, Cancel);
        }
    }
}
