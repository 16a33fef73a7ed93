using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Distil.Core.Http;

/// <summary>Finds the parts of a URL that grant access and must neither be stored nor displayed: a signature (SAS, presigned), a token, a password.</summary>
internal static partial class UrlSecrets
{
    /// <summary>Usual names of such parameters: Azure's, S3's, Google's, and those of other web services.</summary>
    private static readonly FrozenSet<string> Names = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "sig", "signature", "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "X-Goog-Signature", "X-Goog-Credential",
        "token", "access_token", "auth", "authorization", "key", "apikey", "api_key", "api-key", "code", "password", "secret", "sas");

    /// <summary>Describes the secret in a path; null if there is none, as in every path that is not a web URL.</summary>
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

    /// <summary>Returns a text without the queries, user names and passwords of the URLs in it.</summary>
    public static string Without(string text) => Url().Replace(text, "${scheme}${place}");

    [GeneratedRegex("""(?<scheme>\bhttps?://)(?:[^\s"'/?#@]*@)?(?<place>[^\s"'?]*)(?:\?[^\s"']*)?""", RegexOptions.IgnoreCase)]
    private static partial Regex Url();
}
