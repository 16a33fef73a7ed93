using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Distil.Core.Tests.Hub;

/// <summary>How large files come to the storage, whole or in parts (Git LFS's batch API).</summary>
internal sealed partial class UploadHub
{
    private Task BatchAsync(HttpContext http, JsonNode request) => http.Response.WriteAsJsonAsync(new
    {
        transfer = ChunkSize is null ? "basic" : "multipart",
        objects = request["objects"]!.AsArray().Select(each =>
        {
            var (oid, size) = ((string)each!["oid"]!, (long)each["size"]!);
            var header = new JsonObject();
            for (var part = 0; ChunkSize is { } chunk && part * (long)chunk < size; part++)
            {
                header["chunk_size"] = chunk.ToString(CultureInfo.InvariantCulture);
                header[(part + 1).ToString("D5", CultureInfo.InvariantCulture)] = new Uri(_storage, $"/{oid}?part={part + 1}&signed=yes").ToString();
            }

            var href = ChunkSize is null ? new Uri(_storage, $"/{oid}?signed=yes") : new Uri(Endpoint, $"/complete/{oid}");
            return Objects.ContainsKey(oid)
                ? (object)new { oid, size }
                : new { oid, size, actions = new { upload = new { href, header }, verify = new { href = new Uri(Endpoint, $"/verify/{oid}") } } };
        }),
    });

    private async Task StoreAsync(HttpContext http)
    {
        Requests.Enqueue($"{http.Request.Method} storage{http.Request.QueryString}");
        if (http.Request.Headers.Authorization.Count > 0 || http.Request.Query["signed"] != "yes" || http.Request.ContentLength is null)
        {
            await Refuse(http, 400);
            return;
        }

        if (Cuts > 0)
        {
            Cuts--;
            http.Abort();
            return;
        }

        using var content = new MemoryStream();
        await http.Request.Body.CopyToAsync(content);
        var oid = http.Request.Path.Value![1..];
        if (int.TryParse(http.Request.Query["part"], out var part))
        {
            _parts.GetOrAdd(oid, _ => [])[part] = content.ToArray();
            http.Response.Headers.ETag = $"\"part-{part}\"";
            return;
        }

        Objects[oid] = content.ToArray();
    }

    private Task CompleteAsync(HttpContext http, string oid, JsonNode request)
    {
        var tags = request["parts"]!.AsArray().Select(part => $"{part!["partNumber"]} {part["etag"]}");
        if (!tags.SequenceEqual(_parts[oid].Keys.Select(part => $"{part} \"part-{part}\"")))
        {
            return Refuse(http, 400);
        }

        Objects[oid] = [.. _parts[oid].Values.SelectMany(bytes => bytes)];
        return Task.CompletedTask;
    }

    private Task VerifyAsync(HttpContext http, string oid) =>
        Objects.TryGetValue(oid, out var content) && Convert.ToHexStringLower(SHA256.HashData(content)) == oid ? Task.CompletedTask : Refuse(http, 422);
}
