using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Runs.Reading;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Web;

/// <summary>The live view's files, <c>wwwroot</c>, embedded in this assembly so that every host serves the same.</summary>
public sealed class LiveSite
{
    private const string Prefix = "wwwroot/";
    private const string Samples = "samples/";

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
    /// The folder of this machine that relative paths in the sample specifications start from; null if a run cannot read it: then only samples that read no
    /// local files are offered.
    /// </param>
    public LiveSite(string? samples) => _files = Embedded
        .Append(KeyValuePair.Create(
            $"{Samples}index.json", JsonSerializer.SerializeToUtf8Bytes(new { Folder = samples, Names = Offered(samples is not null) }, DistilJson.Options)))
        .ToFrozenDictionary();

    /// <value>The files' names, for instance <c>index.html</c>.</value>
    public IReadOnlyCollection<string> Names => _files.Keys;

    /// <summary>Finds a file; null if there is none of that name.</summary>
    /// <param name="name">Its name; null or empty for <c>index.html</c>.</param>
    public LiveFile? Find(string? name)
    {
        name = string.IsNullOrEmpty(name) ? "index.html" : name;
        return _files.TryGetValue(name, out var content)
            ? new LiveFile(content, ContentTypes.GetValueOrDefault(Path.GetExtension(name), "application/octet-stream"))
            : null;
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
        return assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(name => name[Prefix.Length..], name =>
        {
            using var resource = assembly.GetManifestResourceStream(name)!;
            var content = new byte[resource.Length];
            resource.ReadExactly(content);
            return content;
        });
    }
}

/// <summary>A file of the live view.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="ContentType">Its media type.</param>
public sealed record LiveFile(byte[] Content, string ContentType);
