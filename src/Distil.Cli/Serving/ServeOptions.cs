using System.Net;
using Distil.Core.Errors;

namespace Distil.Cli.Serving;

/// <summary>The addresses of <c>distil serve</c>, and who has access.</summary>
internal sealed record ServeOptions
{
    /// <summary>Fewest characters of an API key: 128 bits in hexadecimal are 32, a long sentence will do too.</summary>
    internal const int ShortestApiKey = 16;

    /// <summary>The port if none is given.</summary>
    internal const int UsualPort = 7080;

    /// <value>Addresses to listen on, for instance <c>http://127.0.0.1:7080</c>; port 0 takes a free one.</value>
    internal required IReadOnlyList<Uri> Urls { get; init; }

    /// <value>The key that every request must carry; null for none, which is allowed on loopback only.</value>
    internal string? ApiKey { get; init; }

    /// <value>The token that every request must know on loopback; null for none.</value>
    internal string? Token { get; init; }

    /// <value>Folders in which submitted local paths must lie. Null allows every path on loopback, and none beyond.</value>
    internal IReadOnlyList<string>? PathRoots { get; init; }

    /// <value>The folder of the sample specifications; null if submitted runs may not read it.</value>
    internal string? Samples { get; private init; }

    /// <value>Names by which a proxy in front of this server may call it, in <c>Host</c> and <c>Origin</c>.</value>
    internal IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <value>Maximum time before the answer to a request for a document begins, &gt; 0.</value>
    internal TimeSpan AnswerTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <value>Whether only this machine can reach it.</value>
    internal bool IsLoopback => Urls.All(url => IsLoopbackHost(url.Host));

    /// <summary>Reads <c>--urls</c>: one or several, separated by semicolons.</summary>
    /// <exception cref="InvalidInputException">One is not an http or https URL with nothing after its port.</exception>
    internal static IReadOnlyList<Uri> ParseUrls(string urls) =>
        [.. urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ParseUrl)];

    /// <summary>Checks that nobody beyond this machine has access without a key; beyond loopback without path roots, no local path is allowed.</summary>
    /// <exception cref="InvalidInputException">The API key is missing beyond loopback, or too short.</exception>
    internal ServeOptions Checked()
    {
        if (ApiKey is null && !IsLoopback)
        {
            throw new InvalidInputException(
                $"--urls {string.Join(';', Urls)} can be reached from other machines; expected an API key too: --api-key-file, or DISTIL_API_KEY");
        }

        if (ApiKey is { Length: < ShortestApiKey })
        {
            throw new InvalidInputException($"the API key has {ApiKey.Length} characters; expected at least {ShortestApiKey}");
        }

        return IsLoopback ? this : this with { PathRoots = PathRoots ?? [] };
    }

    /// <summary>The same options with a folder of samples, if submitted runs may read it.</summary>
    internal ServeOptions WithSamples(string folder) =>
        Directory.Exists(folder) && (PathRoots is null || PathRoots.Any(root => $"{folder}/".StartsWith($"{root.TrimEnd('/')}/", StringComparison.Ordinal)))
            ? this with { Samples = folder }
            : this;

    /// <summary>Whether a host's name means this machine alone.</summary>
    internal static bool IsLoopbackHost(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    /// <summary>Whether requests to a host's name are answered.</summary>
    internal bool Answers(string host) => !IsLoopback || IsLoopbackHost(host) || AllowedHosts.Contains(host, StringComparer.OrdinalIgnoreCase);

    private static Uri ParseUrl(string text) =>
        Uri.TryCreate(
            text.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var url)
        && url.Scheme is "http" or "https" && url.PathAndQuery == "/"
            ? url
            : throw new InvalidInputException($"--urls: {text} cannot be listened on; expected for instance http://127.0.0.1:{UsualPort}");
}
