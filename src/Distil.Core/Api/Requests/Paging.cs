using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Distil.Core.Errors;

namespace Distil.Core.Api.Requests;

/// <summary>The query parameters <c>limit</c> and <c>continuationToken</c>.</summary>
/// <param name="Limit">Maximum items of the page.</param>
/// <param name="After">The last item of the previous page; null for the first page.</param>
public sealed record Paging(int Limit, string? After)
{
    /// <summary>Largest limit.</summary>
    public const int MaxLimit = 200;

    /// <summary>The limit if the request states none.</summary>
    public const int DefaultLimit = 50;

    private const int LongestToken = 2048;

    /// <summary>Reads both parameters.</summary>
    /// <exception cref="ApiProblemException">400: one of them cannot be read.</exception>
    internal static Paging Parse(string? limit, string? continuationToken) => new(ParseLimit(limit), ParseToken(continuationToken));

    /// <summary>The continuation token of the page after an item.</summary>
    internal static string TokenAfter(string item) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(item));

    private static int ParseLimit(string? text)
    {
        if (text is null)
        {
            return DefaultLimit;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaxLimit
            ? limit
            : throw BadParameter("limit", text, $"a whole number from 1 to {MaxLimit}");
    }

    private static string? ParseToken(string? token)
    {
        if (token is null)
        {
            return null;
        }

        return token.Length is > 0 and <= LongestToken && Base64Url.IsValid(token)
            ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token))
            : throw BadParameter("continuationToken", token, "one that a page before gave");
    }

    internal static ApiProblemException BadParameter(string name, string found, string expected)
    {
        return new ApiProblemException(400, $"the query parameter {name} is {Shown.Short(found)}; expected {expected}");
    }
}
