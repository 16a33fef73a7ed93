namespace Distil.Core.Http;

/// <summary>Values by URL: a URL has the value of the longest entry that equals it or contains it.</summary>
/// <param name="entries">URLs without a slash at the end, with their values.</param>
internal sealed class UrlTable(IEnumerable<(string Below, string Value)> entries)
{
    private readonly IReadOnlyList<(string Below, string Value)> _known = [.. entries.OrderByDescending(each => each.Below.Length)];

    /// <summary>Returns the value for a URL; null if there is none.</summary>
    public string? Find(Uri url)
    {
        var path = Key(url);
        return _known.FirstOrDefault(each => path == each.Below || path.StartsWith(each.Below + "/", StringComparison.Ordinal)).Value;
    }

    /// <summary>A URL in the form of an entry: without its query and without a slash at the end.</summary>
    public static string Key(Uri url) => url.GetLeftPart(UriPartial.Path).TrimEnd('/');
}
