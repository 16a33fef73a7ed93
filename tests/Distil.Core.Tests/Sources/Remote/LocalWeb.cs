using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Distil.Core.Tests.Sources.Remote;

/// <summary>A server of files on loopback, with versions, ranges, signatures and interruptions.</summary>
internal sealed class LocalWeb : IAsyncDisposable
{
    private readonly WebApplication _app;

    private LocalWeb(WebApplication app) => _app = app;

    /// <summary>Files by path, with their version.</summary>
    public ConcurrentDictionary<string, (byte[] Content, string Version)> Files { get; } = new();

    /// <summary>Numbers of bytes after which the next answers are cut, one number for each.</summary>
    public ConcurrentQueue<int> Cuts { get; } = new();

    /// <summary>The range of each request.</summary>
    public ConcurrentQueue<string> Ranges { get; } = new();

    /// <summary>The value of <c>sig</c> that a URL must have; null for none.</summary>
    public string? Signature { get; set; }

    /// <summary>Ends when a request of a range may be answered.</summary>
    public Func<string, Task> Gate { get; set; } = _ => Task.CompletedTask;

    /// <summary>Whether only whole files are sent.</summary>
    public bool IgnoresRanges { get; set; }

    private Uri Address { get; set; } = null!;

    public static async Task<LocalWeb> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var web = new LocalWeb(app);
        app.Run(web.AnswerAsync);
        await app.StartAsync();
        web.Address = new Uri(app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features
            .Get<Microsoft.AspNetCore.Hosting.Server.Features.IServerAddressesFeature>()!.Addresses.First());
        return web;
    }

    /// <summary>The URL of a path.</summary>
    public string Url(string path) => new Uri(Address, path).ToString();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        var range = http.Request.Headers.Range.ToString();
        Ranges.Enqueue(range);
        await Gate(range);
        if (path.StartsWith("/moved/", StringComparison.Ordinal))
        {
            http.Response.Redirect(path["/moved".Length..] + http.Request.QueryString);
        }
        else if (Signature is not null && http.Request.Query["sig"] != Signature)
        {
            http.Response.StatusCode = 403;
        }
        else if (!Files.TryGetValue(path, out var file))
        {
            http.Response.StatusCode = 404;
        }
        else
        {
            await SendAsync(http, file.Content, file.Version);
        }
    }

    private async Task SendAsync(HttpContext http, byte[] content, string version)
    {
        http.Response.Headers.ETag = new EntityTagHeaderValue($"\"{version}\"").ToString();
        var range = IgnoresRanges ? null : http.Request.GetTypedHeaders().Range?.Ranges.FirstOrDefault();
        var (from, to) = ((int)(range?.From ?? 0), (int)Math.Min(range?.To ?? content.Length - 1, content.Length - 1));
        if (range is not null)
        {
            http.Response.StatusCode = from < content.Length ? 206 : 416;
            http.Response.Headers.ContentRange = from < content.Length ? $"bytes {from}-{to}/{content.Length}" : $"bytes */{content.Length}";
        }

        var body = from < content.Length ? content[from..(to + 1)] : [];
        http.Response.ContentLength = body.Length;
        if (body.Length > 1 && Cuts.TryDequeue(out var cut) && cut < body.Length)
        {
            await http.Response.Body.WriteAsync(body.AsMemory(0, cut));
            await http.Response.Body.FlushAsync();
            await Task.Delay(20);
            http.Abort();
            return;
        }

        await http.Response.Body.WriteAsync(body);
    }
}
