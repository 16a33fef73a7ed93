using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Api;
using Distil.Core.Runs.Reading;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Web;

/// <summary>The live view's files, <c>wwwroot</c>, embedded in this assembly so that every host serves the same.</summary>
public sealed class LiveSite
{
    private const string Prefix = "wwwroot/";
    private const string Samples = "samples/";

    /// <summary>A page runs this server's own scripts, asks this server alone, and stands in no other site's frame.</summary>
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly FrozenDictionary<string, string> ContentTypes = new Dictionary<string, string>
    {
        [".css"] = "text/css; charset=utf-8",
        [".html"] = "text/html; charset=utf-8",
        [".ico"] = "image/x-icon",
        [".js"] = "text/javascript; charset=utf-8",
        [".json"] = "application/json",
        [".png"] = "image/png",
        [".svg"] = "image/svg+xml",
        [".woff2"] = "font/woff2",
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, byte[]> Embedded = Read();

    private readonly FrozenDictionary<string, byte[]> _files;

    /// <param name="samples">
    /// The folder of this machine from which the sample specifications' paths count; null where a run cannot read it: then those are offered that read no local files.
    /// </param>
    public LiveSite(string? samples) => _files = Embedded
        .Append(KeyValuePair.Create($"{Samples}index.json", JsonSerializer.SerializeToUtf8Bytes(new { Folder = samples, Names = Offered(samples is not null) }, DistilJson.Options)))
        .ToFrozenDictionary();

    /// <value>The files' names, for instance <c>index.html</c>.</value>
    public IReadOnlyCollection<string> Names => _files.Keys;

    /// <summary>A file of the site: 200 with ETag, 304, or 404.</summary>
    /// <param name="name">Its name; empty for <c>index.html</c>.</param>
    /// <param name="ifNoneMatch">The header <c>If-None-Match</c>.</param>
    public ApiResponse Get(string? name, string? ifNoneMatch)
    {
        name = string.IsNullOrEmpty(name) ? "index.html" : name;
        if (!_files.TryGetValue(name, out var content))
        {
            return ApiResponse.Problem(ApiProblem.Of(404, $"/{name} is not served here; /openapi.json lists what is"));
        }

        var etag = $"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..32]}\"";
        (string, string)[] headers = [("ETag", etag), ("Cache-Control", "no-cache"), ("Content-Security-Policy", Policy)];
        return ifNoneMatch == etag
            ? new ApiResponse { Status = 304, Headers = headers.ToDictionary(header => header.Item1, header => header.Item2) }
            : ApiResponse.Of(content, ContentTypes.GetValueOrDefault(Path.GetExtension(name), "application/octet-stream"), 200, headers);
    }

    private static IEnumerable<string> Offered(bool withLocalFiles) => Embedded
        .Where(file => file.Key.StartsWith(Samples, StringComparison.Ordinal) && (withLocalFiles || !ReadsLocalFiles(file.Key, file.Value)))
        .Select(file => Path.GetFileNameWithoutExtension(file.Key))
        .Order(StringComparer.Ordinal);

    private static bool ReadsLocalFiles(string name, byte[] sample)
    {
        var spec = RunSpecReader.Parse(System.Text.Encoding.UTF8.GetString(sample), name, "/");
        return !spec.Paths().All(path => SourceCatalog.IsRemote(path.Path));
    }

    private static FrozenDictionary<string, byte[]> Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).ToFrozenDictionary(name => name[Prefix.Length..], name =>
        {
            using var resource = assembly.GetManifestResourceStream(name)!;
            var content = new byte[resource.Length];
            resource.ReadExactly(content);
            return content;
        });
    }
}
