using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Distil.Core.Api.Requests;

/// <summary>The query parameters <c>limit</c> and <c>continuationToken</c>.</summary>
/// <param name="Limit">Most items of a page.</param>
/// <param name="After">The last item of the page before; null for the first page.</param>
internal sealed record Paging(int Limit, string? After)
{
    private const int MostLimit = 200;
    private const int UsualLimit = 50;
    private const int LongestToken = 2048;

    /// <summary>Reads both.</summary>
    /// <exception cref="ApiProblemException">400: one of them cannot be read.</exception>
    public static Paging Parse(string? limit, string? continuationToken) => new(ParseLimit(limit), ParseToken(continuationToken));

    /// <summary>The token that leads from an item to the next page.</summary>
    public static string TokenAfter(string item) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(item));

    private static int ParseLimit(string? text)
    {
        if (text is null)
        {
            return UsualLimit;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MostLimit
            ? limit
            : throw BadParameter("limit", text, $"a whole number from 1 to {MostLimit}");
    }

    private static string? ParseToken(string? token)
    {
        if (token is null)
        {
            return null;
        }

        var bytes = new byte[Base64Url.GetMaxDecodedLength(Math.Min(token.Length, LongestToken))];
        return token.Length is > 0 and <= LongestToken && Base64Url.TryDecodeFromChars(token, bytes, out var length) && length > 0
            ? Encoding.UTF8.GetString(bytes, 0, length)
            : throw BadParameter("continuationToken", token, "one that a page before gave");
    }

    internal static ApiProblemException BadParameter(string name, string found, string expected)
    {
        var shown = found.Length > 60 ? found[..60] + "…" : found;
        return new ApiProblemException(400, $"the query parameter {name} is {shown}; expected {expected}");
    }
}
