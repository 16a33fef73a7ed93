using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Azure.Core;
using Azure.Core.Pipeline;
using Distil.Azure.ResourceManager;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Distil.Azure.Tests.ResourceManager;

/// <summary>A server on loopback that answers like Azure Resource Manager, with the answers that a test sets, one after the other.</summary>
internal sealed class LocalResourceManager : IAsyncDisposable
{
    // The client sends its access token over TLS only.
    private static readonly X509Certificate2 Certificate = NewCertificate();

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, ConcurrentQueue<Answer>> _answers = new();

    private LocalResourceManager(WebApplication app) => _app = app;

    /// <value>All requests, in order.</value>
    public ConcurrentQueue<Request> Requests { get; } = [];

    /// <value>Answers a request before the answers that <see cref="On"/> sets; null for none.</value>
    public Func<Request, Answer?> Platform { get; set; } = _ => null;

    public Uri Endpoint => new(_app.Urls.Single());

    public static async Task<LocalResourceManager> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(Certificate)));
        var server = new LocalResourceManager(builder.Build());
        server._app.Run(server.AnswerAsync);
        await server._app.StartAsync();
        return server;
    }

    /// <summary>Sets the answers to a request, one after the other; the last one is repeated.</summary>
    /// <param name="request">Verb and path, for instance <c>GET /subscriptions/…</c>.</param>
    /// <param name="inOrder">The answers.</param>
    public void On(string request, params Answer[] inOrder) => _answers[request] = new ConcurrentQueue<Answer>(inOrder);

    /// <summary>Creates a client of this server that waits milliseconds between its retries.</summary>
    public ResourceManagerClient Client(TokenCredential credential, TimeProvider time)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, found, _, _) => found!.GetCertHashString() == Certificate.GetCertHashString();
        var options = new ResourceManagerOptions { Endpoint = Endpoint, Transport = new HttpClientTransport(handler) };
        options.Retry.Delay = TimeSpan.FromMilliseconds(1);
        return new ResourceManagerClient(credential, options, time);
    }

    /// <summary>Number of times that a request was made.</summary>
    public int Count(string request) => Requests.Count(made => made.What == request);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var request = new Request(
            $"{context.Request.Method} {context.Request.Path}",
            context.Request.QueryString.Value!,
            context.Request.Headers.Authorization.ToString(),
            await reader.ReadToEndAsync(),
            DateTimeOffset.UtcNow);
        Requests.Enqueue(request);

        var answer = new Answer(404, """{"error":{"code":"ResourceNotFound","message":"no such resource"}}""");
        if (Platform(request) is { } made)
        {
            answer = made;
        }
        else if (_answers.TryGetValue(request.What, out var queue))
        {
            answer = queue.Count > 1 && queue.TryDequeue(out var next) ? next : queue.First();
        }

        if (answer.Status == Answer.Drop)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers)
        {
            context.Response.Headers[name] = value.Replace("{endpoint}", Endpoint.GetLeftPart(UriPartial.Authority));
        }

        await context.Response.WriteAsync(answer.Body);
    }

    private static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    internal sealed record Request(string What, string Query, string Authorization, string Body, DateTimeOffset ArrivedAt);
}

/// <summary>One answer of the server.</summary>
internal sealed record Answer(int Status, string Body = "", params (string Name, string Value)[] Headers)
{
    /// <summary>The connection breaks without an answer.</summary>
    public const int Drop = 0;

    /// <summary>An execution in one of the platform's states.</summary>
    public static Answer Execution(string status) => new(200, $$$"""{"name":"caj-gpu-abc","properties":{"status":"{{{status}}}"}}""");
}
