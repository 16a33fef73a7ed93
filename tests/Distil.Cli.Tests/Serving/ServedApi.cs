using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Distil.Cli.Serving;
using Distil.Cli.Serving.OpenAi;
using Distil.Cli.Workspaces;
using Distil.Core;
using Distil.Core.Api;
using Distil.Core.Api.Documents;
using Distil.Core.Artifacts;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Hosting.Http;

namespace Distil.Cli.Tests.Serving;

/// <summary>The API over real HTTP and real storage, with a host that starts nothing.</summary>
internal sealed class ServedApi : IAsyncDisposable
{
    internal const string ApiKey = "a key that only this test knows";
    private static readonly string Teacher = Workspace.Find().RepositoryFile("samples", "stories", "teacher");
    private static readonly string Text = Workspace.Find().RepositoryFile("samples", "stories", "eval.txt");
    private static OpenApiContract? _contract; // the same for every server
    private readonly ApiServer _server;
    private readonly ContractHandler _handler;

    private ServedApi(ApiServer server, ArtifactStore store, RecordingRunHost host)
    {
        (_server, Store, Host, _handler) = (server, store, host, new ContractHandler(_contract!));
        Client = new HttpClient(_handler) { BaseAddress = server.Urls[0] };
    }

    public OpenApiContract Contract => _contract!;

    /// <value>The documented answers that came to <see cref="Client"/>.</value>
    public IEnumerable<string> Seen => _handler.Seen.Keys;

    public HttpClient Client { get; }

    public ArtifactStore Store { get; }

    public RecordingRunHost Host { get; }

    public RunFolder Runs => new(Store);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<ServedApi> StartAsync(
        SharedAzurite azurite, string? apiKey = null, ApiOptions? options = null, ArtifactStore? store = null, Func<ServeOptions, ServeOptions>? change = null,
        RunModels? models = null)
    {
        var host = new RecordingRunHost();
        store ??= await azurite.NewStoreAsync();
        options ??= new ApiOptions();
        var serve = new ServeOptions { Urls = ServeOptions.ParseUrls("http://127.0.0.1:0"), ApiKey = apiKey };
        serve = change?.Invoke(serve) ?? serve;
        var planner = new RunPlanner(TimeProvider.System, SourceCatalog.Create(new SourceSettings(), TimeProvider.System));
        var server = await ApiServer.StartAsync(new DistilApi(store, options, planner), options, host, serve, models, Cancel);
        _contract ??= await ReadContractAsync(server, apiKey);
        return new ServedApi(server, store, host);
    }

    /// <summary>A specification that can be planned.</summary>
    public static JsonObject Spec(string name = "served") => new()
    {
        ["name"] = name,
        ["teacher"] = new JsonObject { ["path"] = Teacher },
        ["dataset"] = new JsonObject { ["sources"] = new JsonArray(Text), ["contextLength"] = 64 },
    };

    public Task<HttpResponseMessage> SubmitAsync(JsonNode spec, string? idempotencyKey = null) =>
        PostAsync(spec.ToJsonString(), idempotencyKey: idempotencyKey);

    public Task<HttpResponseMessage> PostAsync(string body, string? contentType = "application/json", string? idempotencyKey = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/runs") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);
        if (idempotencyKey is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        }

        return Client.SendAsync(request, Cancel);
    }

    /// <summary>Submits a run and reads its id.</summary>
    public async Task<string> NewRunAsync(string name = "served")
    {
        using var response = await SubmitAsync(Spec(name));
        return (await ReadAsync<SubmittedRun>(response, 202)).RunId;
    }

    public async Task<T> GetAsync<T>(string path)
    {
        using var response = await Client.GetAsync(path, Cancel);
        return await ReadAsync<T>(response, 200);
    }

    /// <summary>Asserts a problem, in the form that problems have.</summary>
    public static async Task<ApiProblem> ProblemAsync(Task<HttpResponseMessage> sending, int status, params string[] words)
    {
        using var response = await sending;
        var problem = await ReadAsync<ApiProblem>(response, status);
        Assert.Equal(ApiProblem.ContentType, response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(status, problem.Status);
        Assert.All(words, word => Assert.Contains(word, problem.Detail, StringComparison.Ordinal));
        return problem;
    }

    public static async Task<T> ReadAsync<T>(HttpResponseMessage response, int status)
    {
        Assert.True((int)response.StatusCode == status, $"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(Cancel)}");
        return (await response.Content.ReadFromJsonAsync<T>(DistilJson.Options, Cancel))!;
    }

    private static async Task<OpenApiContract> ReadContractAsync(ApiServer server, string? apiKey)
    {
        using var client = new HttpClient { BaseAddress = server.Urls[0] };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        return new OpenApiContract(JsonNode.Parse(await client.GetStringAsync("/openapi.json", Cancel))!);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
    }
}
