using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Distil.Bench.Serving;

/// <summary>A client of a server's runs.</summary>
internal sealed class ServedRuns(Uri server, int connections) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { MaxConnectionsPerServer = connections })
    {
        BaseAddress = server,
        Timeout = TimeSpan.FromSeconds(60),
    };

    /// <summary>Submits a small run and returns its id.</summary>
    public async Task<string> SubmitAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/runs")
        {
            Content = new StringContent(Spec(), new MediaTypeHeaderValue("application/json")),
        };
        request.Headers.Add("Idempotency-Key", $"\"{Guid.NewGuid()}\"");
        using var response = await _client.SendAsync(request);
        if (response.StatusCode != HttpStatusCode.Accepted)
        {
            throw new HttpRequestException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        }

        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("runId").GetString()!;
    }

    /// <summary>Reads a run's status.</summary>
    public async Task<JsonElement> ReadAsync(string runId)
    {
        using var response = await _client.GetAsync($"/api/runs/{runId}");
        response.EnsureSuccessStatusCode();
        return JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync()).RootElement.GetProperty("status");
    }

    public async Task CancelAsync(string runId)
    {
        using var response = await _client.PostAsync($"/api/runs/{runId}/cancel", null);
        response.EnsureSuccessStatusCode();
    }

    public void Dispose() => _client.Dispose();

    private static string Spec() => new JsonObject
    {
        ["name"] = "load",
        ["teacher"] = new JsonObject { ["path"] = Path.Combine(ServedProcess.Repository, "samples", "stories", "teacher") },
        ["dataset"] = new JsonObject
        {
            ["sources"] = new JsonArray(Path.Combine(ServedProcess.Repository, "samples", "stories", "eval.txt")),
            ["contextLength"] = 64,
        },
        ["training"] = new JsonObject { ["epochs"] = 1 },
        ["evaluation"] = new JsonObject { ["baseline"] = false },
    }.ToJsonString();
}
