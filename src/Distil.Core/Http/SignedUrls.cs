using Distil.Core.Errors;
using Distil.Core.Settings;

namespace Distil.Core.Http;

/// <summary>Signatures from this machine's environment, separate from specifications and plans. A URL gets the signature of the entry that equals it or
/// contains it.</summary>
/// <remarks>A signature is therefore sent only where it belongs, whoever writes the specification. It is added to the request only; it is never stored or
/// displayed.</remarks>
internal sealed class SignedUrls
{
    /// <summary>URLs with their signatures, as Azure's portal copies them, separated by white space: of files, folders, containers or accounts.</summary>
    internal const string Variable = SourceSettings.SignedUrlsVariable;

    private readonly UrlTable _known;

    private SignedUrls(IEnumerable<(string Below, string Query)> known) => _known = new(known);

    /// <value>An empty list.</value>
    public static SignedUrls None { get; } = new([]);

    /// <summary>Parses a list.</summary>
    /// <exception cref="InvalidInputException">An entry is not a signed URL; the message does not contain it.</exception>
    public static SignedUrls Parse(string? list) =>
        new((list ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select((entry, i) => Entry(entry, i + 1)));

    /// <summary>Returns the signature for a URL, without the '?'; empty if none is known.</summary>
    public string QueryFor(Uri url) => _known.Find(url) ?? "";

    /// <summary>Returns the URL to request: with the known signature, unless it already has one.</summary>
    public Uri Sign(Uri url) =>
        QueryFor(url) is { Length: > 0 } query && UrlSecrets.Find(url.AbsoluteUri) is null
            ? new UriBuilder(url) { Query = url.Query.Length > 1 ? $"{url.Query}&{query}" : query }.Uri
            : url;

    private static (string Below, string Query) Entry(string entry, int number) =>
        Uri.TryCreate(entry, UriKind.Absolute, out var url) && WebUrl.IsReadable(url) && url.Query.Length > 1
            ? (UrlTable.Key(url), url.Query[1..])
            : throw new InvalidInputException(
                $"{Variable}: its entry {number} is not a URL with a signature; "
                + "expected for instance https://account.blob.core.windows.net/container?sv=…&sig=…, several separated by spaces");
}
