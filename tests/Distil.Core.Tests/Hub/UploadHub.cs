using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Distil.Core.Tests.Hub;

/// <summary>A server on loopback that takes uploads as the Hugging Face hub does: API with a token, and a storage on another port that refuses tokens.</summary>
internal sealed partial class UploadHub : IAsyncDisposable
{
    private const string Token = "Bearer secret", Model = "/api/models/owner/name";

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, SortedDictionary<int, byte[]>> _parts = new();
    private Uri _storage = null!;

    private UploadHub(WebApplication app) => _app = app;

    public Uri Endpoint { get; private set; } = null!;

    /// <summary>The requests: <c>POST hub /api/…</c>, <c>PUT storage /…</c>.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Large files of the storage, by SHA-256.</summary>
    public ConcurrentDictionary<string, byte[]> Objects { get; } = new();

    /// <summary>The files of the last commit: small ones with content, large ones by SHA-256.</summary>
    public Dictionary<string, (byte[]? Content, string? Sha256)> Files { get; } = [];

    /// <summary>Whether the repository exists.</summary>
    public bool Exists { get; set; }

    /// <summary>What was said of the new repository.</summary>
    public JsonNode? Created { get; private set; }

    /// <summary>Bytes of a part of a large file; null for whole files.</summary>
    public int? ChunkSize { get; set; }

    /// <summary>Number of uploads that the storage cuts.</summary>
    public int Cuts { get; set; }

    /// <summary>Status and message with which the hub refuses an API's path; null refuses nothing.</summary>
    public (string Path, int Status, string Message)? Refusal { get; set; }

    /// <summary>The file of which commits keep other bytes than were sent; null for none.</summary>
    public string? Damages { get; set; }

    public static async Task<UploadHub> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        var app = builder.Build();
        var hub = new UploadHub(app);
        app.Run(http => http.Connection.LocalPort == hub._storage.Port ? hub.StoreAsync(http) : hub.AnswerAsync(http));
        await app.StartAsync();
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToList();
        (hub.Endpoint, hub._storage) = (new(addresses[0]), new(addresses[1]));
        return hub;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        Requests.Enqueue($"{http.Request.Method} hub {path}");
        if (http.Request.Headers.Authorization != Token || (Refusal is { } refusal && path.Contains(refusal.Path, StringComparison.Ordinal)))
        {
            http.Response.StatusCode = http.Request.Headers.Authorization != Token ? 401 : Refusal!.Value.Status;
            http.Response.Headers["X-Error-Message"] = Refusal?.Message ?? "Invalid credentials in Authorization header";
            return;
        }

        using var reader = new StreamReader(http.Request.Body);
        var body = await reader.ReadToEndAsync();
        await (path switch
        {
            "/api/repos/create" => CreateAsync(http, JsonNode.Parse(body)!),
            Model + "/preupload/main" => http.Response.WriteAsJsonAsync(new
            {
                files = JsonNode.Parse(body)!["files"]!.AsArray().Select(
                    file => new { path = (string)file!["path"]!, uploadMode = ((string)file["path"]!).EndsWith(".safetensors", StringComparison.Ordinal) ? "lfs" : "regular" }),
            }),
            "/owner/name.git/info/lfs/objects/batch" => BatchAsync(http, JsonNode.Parse(body)!),
            Model + "/commit/main" => CommitAsync(http, body),
            _ when path.StartsWith("/complete/", StringComparison.Ordinal) => CompleteAsync(http, path["/complete/".Length..], JsonNode.Parse(body)!),
            _ when path.StartsWith("/verify/", StringComparison.Ordinal) => VerifyAsync(http, path["/verify/".Length..]),
            _ when path.StartsWith(Model + "/tree/", StringComparison.Ordinal) => TreeAsync(http),
            _ => Refuse(http, 404),
        });
    }

    private Task CreateAsync(HttpContext http, JsonNode request)
    {
        if (Exists)
        {
            return Refuse(http, 409);
        }

        (Exists, Created) = (true, request);
        return http.Response.WriteAsJsonAsync(new { url = $"{Endpoint}owner/name" });
    }

    private Task CommitAsync(HttpContext http, string lines)
    {
        foreach (var line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!))
        {
            var value = line["value"]!;
            switch ((string)line["key"]!)
            {
                case "file":
                    Files[(string)value["path"]!] = (Convert.FromBase64String((string)value["content"]!), null);
                    break;
                case "lfsFile" when Objects.ContainsKey((string)value["oid"]!):
                    Files[(string)value["path"]!] = (null, (string)value["oid"]!);
                    break;
                case "lfsFile":
                    return Refuse(http, 400);
                default:
                    break;
            }
        }

        return http.Response.WriteAsJsonAsync(new { success = true, commitOid = new string('c', 40), commitUrl = $"{Endpoint}owner/name/commit/c" });
    }

    private Task TreeAsync(HttpContext http) => http.Response.WriteAsJsonAsync(Files.Select(file =>
    {
        var content = file.Value.Content ?? Objects[file.Value.Sha256!];
        byte[] stored = Damages == file.Key ? [.. content[..^1], (byte)(content[^1] ^ 1)] : content;
        var git = Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {stored.Length}\0"), .. stored]));
        return file.Value.Sha256 is null
            ? (object)new { type = "file", oid = git, size = stored.Length, path = file.Key }
            : new { type = "file", oid = git, size = stored.Length, path = file.Key, lfs = new { oid = Convert.ToHexStringLower(SHA256.HashData(stored)), size = stored.Length } };
    }));

    private static Task Refuse(HttpContext http, int status)
    {
        http.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}
