using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Distil.Core.Http;

/// <summary>What in a URL gives a right, and so must neither be stored nor shown: a signature (SAS, presigned), a token, a password.</summary>
internal static partial class UrlSecrets
{
    /// <summary>Parameters by their usual names: Azure's, S3's, Google's, and what web services call theirs.</summary>
    private static readonly FrozenSet<string> Names = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "sig", "signature", "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "X-Goog-Signature", "X-Goog-Credential",
        "token", "access_token", "auth", "authorization", "key", "apikey", "api_key", "api-key", "code", "password", "secret", "sas");

    /// <summary>What is secret in a path, in words; null where nothing is, as in every path that is no web URL.</summary>
    public static string? Find(string path)
    {
        if (!path.StartsWith("http", StringComparison.OrdinalIgnoreCase) || !Uri.TryCreate(path, UriKind.Absolute, out var url))
        {
            return null;
        }

        if (url.UserInfo.Length > 0)
        {
            return "a user's name or password";
        }

        var parameters = url.Query.TrimStart('?').Split('&').Select(parameter => Uri.UnescapeDataString(parameter.Split('=')[0]));
        return parameters.FirstOrDefault(Names.Contains) is { } name ? $"a signature or key ({name})" : null;
    }

    /// <summary>A text without the queries, names and passwords of the URLs in it.</summary>
    public static string Without(string text) => Url().Replace(text, "${scheme}${place}");

    [GeneratedRegex("""(?<scheme>\bhttps?://)(?:[^\s"'/?#@]*@)?(?<place>[^\s"'?]*)(?:\?[^\s"']*)?""", RegexOptions.IgnoreCase)]
    private static partial Regex Url();
}
