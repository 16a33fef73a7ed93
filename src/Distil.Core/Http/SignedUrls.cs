using Distil.Core.Errors;
using Distil.Core.Settings;
using Distil.Core.Sources.Remote;

namespace Distil.Core.Http;

/// <summary>Signatures that this machine's environment holds, apart from specifications and plans. A URL gets the one whose URL it is, or lies below.</summary>
/// <remarks>So a signature goes to no other place than it was made for, whoever writes the specification. It is added to requests alone: what is stored and shown is without.</remarks>
internal sealed class SignedUrls
{
    /// <summary>URLs with their signatures, as Azure's portal copies them, separated by white space: of files, folders, containers or accounts.</summary>
    internal const string Variable = SourceSettings.SignedUrlsVariable;

    private readonly IReadOnlyList<(string Below, string Query)> _known;

    private SignedUrls(IEnumerable<(string Below, string Query)> known) => _known = [.. known.OrderByDescending(each => each.Below.Length)];

    /// <value>None.</value>
    public static SignedUrls None { get; } = new([]);

    /// <summary>Reads a list.</summary>
    /// <exception cref="InvalidInputException">An entry is no signed URL; the message does not show it.</exception>
    public static SignedUrls Parse(string? list) =>
        new((list ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select((entry, i) => Entry(entry, i + 1)));

    /// <summary>The signature for a URL, without the '?'; empty where none is known.</summary>
    public string QueryFor(Uri url)
    {
        var path = url.GetLeftPart(UriPartial.Path).TrimEnd('/');
        return _known.FirstOrDefault(each => path == each.Below || path.StartsWith(each.Below + "/", StringComparison.Ordinal)).Query ?? "";
    }

    /// <summary>The URL to ask for: with the signature that is known for it, unless it brings one.</summary>
    public Uri Sign(Uri url) =>
        QueryFor(url) is { Length: > 0 } query && UrlSecrets.Find(url.AbsoluteUri) is null
            ? new UriBuilder(url) { Query = url.Query.Length > 1 ? $"{url.Query}&{query}" : query }.Uri
            : url;

    private static (string Below, string Query) Entry(string entry, int number) =>
        Uri.TryCreate(entry, UriKind.Absolute, out var url) && WebUrl.IsReadable(url) && url.Query.Length > 1
            ? (url.GetLeftPart(UriPartial.Path).TrimEnd('/'), url.Query[1..])
            : throw new InvalidInputException(
                $"{Variable}: its entry {number} is not a URL with a signature; expected for instance https://account.blob.core.windows.net/container?sv=…&sig=…, several separated by spaces");
}
