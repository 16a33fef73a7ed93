using System.Net;
using Distil.Core.Errors;

namespace Distil.Cli.Serving;

/// <summary>Where <c>distil serve</c> listens and whom it lets in.</summary>
internal sealed record ServeOptions
{
    /// <summary>Fewest characters of an API key: 128 bits in hexadecimal are 32, a long sentence will do too.</summary>
    internal const int ShortestApiKey = 16;

    /// <summary>The port where none is given.</summary>
    internal const int UsualPort = 7080;

    /// <value>What to listen on, for instance <c>http://127.0.0.1:7080</c>; port 0 for a free one.</value>
    internal required IReadOnlyList<Uri> Urls { get; init; }

    /// <value>What every request must bring; null asks for nothing, and is allowed on loopback only.</value>
    internal string? ApiKey { get; init; }

    /// <value>Folders in which submitted local paths must lie. Null allows every path on loopback, and none beyond.</value>
    internal IReadOnlyList<string>? PathRoots { get; init; }

    /// <value>The folder of the sample specifications; null where submitted runs may not read it.</value>
    internal string? Samples { get; private init; }

    /// <value>Whether only this machine can reach it.</value>
    internal bool IsLoopback => Urls.All(url => IsLoopbackHost(url.Host));

    /// <summary>Reads <c>--urls</c>: one or several, separated by semicolons.</summary>
    /// <exception cref="InvalidInputException">One is not an http or https URL with nothing after its port.</exception>
    internal static IReadOnlyList<Uri> ParseUrls(string urls) => [.. urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ParseUrl)];

    /// <summary>Passes where nobody gets in unasked.</summary>
    /// <exception cref="InvalidInputException">The API key is missing beyond loopback, or too short.</exception>
    internal ServeOptions Checked()
    {
        if (ApiKey is null && !IsLoopback)
        {
            throw new InvalidInputException($"--urls {string.Join(';', Urls)} can be reached from other machines; expected an API key too: --api-key-file, or DISTIL_API_KEY");
        }

        if (ApiKey is { Length: < ShortestApiKey })
        {
            throw new InvalidInputException($"the API key has {ApiKey.Length} characters; expected at least {ShortestApiKey}");
        }

        return IsLoopback ? this : this with { PathRoots = PathRoots ?? [] };
    }

    /// <summary>The same with a folder of samples, where submitted runs may read it.</summary>
    internal ServeOptions WithSamples(string folder) =>
        Directory.Exists(folder) && (PathRoots is null || PathRoots.Any(root => $"{folder}/".StartsWith($"{root.TrimEnd('/')}/", StringComparison.Ordinal)))
            ? this with { Samples = folder }
            : this;

    /// <summary>Whether a host's name stands for this machine alone.</summary>
    internal static bool IsLoopbackHost(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static Uri ParseUrl(string text) =>
        Uri.TryCreate(text.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var url)
        && url.Scheme is "http" or "https" && url.PathAndQuery == "/"
            ? url
            : throw new InvalidInputException($"--urls: {text} cannot be listened on; expected for instance http://127.0.0.1:{UsualPort}");
}
