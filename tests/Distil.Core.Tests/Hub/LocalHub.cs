using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Distil.Core.Tests.Hub;

/// <summary>A server on loopback that answers like the Hugging Face hub: API, files, redirects to a storage on another port that refuses tokens.</summary>
internal sealed partial class LocalHub : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, LocalHubRepository> _repositories = new(StringComparer.Ordinal);

    private LocalHub(WebApplication app) => _app = app;

    /// <summary>The hub's URL, for HF_ENDPOINT.</summary>
    public Uri Endpoint { get; private set; } = null!;

    /// <summary>The requests: <c>HEAD hub /owner/name/…</c>, <c>GET storage /… bytes=5-</c>, with a '*' if they contained a token.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Numbers of bytes after which the storage cuts the next answers, one number for each; the answers that are the start of a file stay
    /// whole.</summary>
    public ConcurrentQueue<int> Cuts { get; } = new();

    /// <summary>Answers that replace the hub's next ones: a status, and headers.</summary>
    public ConcurrentQueue<(int Status, (string Name, string Value)[] Headers)> Refusals { get; } = new();

    /// <summary>Whether the storage sends only whole files.</summary>
    public bool IgnoresRanges { get; set; }

    /// <summary>Number of times that the storage sends wrong bytes.</summary>
    public int Damages { get; set; }

    /// <summary>The body of each of the API's answers, and its header Link, in place of the right ones; null for the right ones.</summary>
    public (byte[] Body, string? Link)? Answer { get; set; }

    /// <summary>What happens to an answer in place of its last byte, which is announced and not sent; null if the answer is whole.</summary>
    public Func<HttpContext, Task>? AnswerEnd { get; set; }

    /// <summary>Number of entries in a page of the tree.</summary>
    public int PageSize { get; set; } = 1000;

    /// <summary>Delay of the storage before a file.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Starts the server.</summary>
    public static async Task<LocalHub> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        var app = builder.Build();
        var hub = new LocalHub(app);
        app.Run(hub.AnswerAsync);
        await app.StartAsync();
        var addresses = app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features
            .Get<Microsoft.AspNetCore.Hosting.Server.Features.IServerAddressesFeature>()!.Addresses.ToList();
        (hub.Endpoint, hub.Storage) = (new Uri(addresses[0]), new Uri(addresses[1]));
        return hub;
    }

    /// <summary>Adds a repository: <c>owner/name</c> for a model, <c>datasets/owner/name</c> for a dataset.</summary>
    public LocalHubRepository Add(string id) => _repositories[id] = new LocalHubRepository();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private Uri Storage { get; set; } = null!;

    private async Task AnswerAsync(HttpContext http)
    {
        var isStorage = http.Connection.LocalPort == Storage.Port;
        var token = http.Request.Headers.Authorization.ToString();
        var range = http.Request.Headers.Range.ToString();
        Requests.Enqueue($"{http.Request.Method} {(isStorage ? "storage" : "hub")} {http.Request.Path}{(range.Length > 0 ? " " : "")}{range}{(token.Length > 0 ? "*" : "")}");
        if (isStorage)
        {
            await SendBlobAsync(http, token);
        }
        else if (Refusals.TryDequeue(out var refusal))
        {
            Refuse(http, refusal.Status, refusal.Headers);
        }
        else
        {
            await SendHubAsync(http, token);
        }
    }

    private static void Refuse(HttpContext http, int status, params (string Name, string Value)[] headers)
    {
        http.Response.StatusCode = status;
        foreach (var (name, value) in headers)
        {
            http.Response.Headers[name] = value;
        }
    }
}
