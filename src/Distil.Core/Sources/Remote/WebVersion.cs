using System.Net.Http.Headers;

namespace Distil.Core.Sources.Remote;

/// <summary>The version of a file according to its server.</summary>
internal static class WebVersion
{
    /// <summary>The entity tag without quotes, else the time of the last change; null if the response has neither.</summary>
    public static string? Of(HttpResponseMessage response) =>
        response.Headers.ETag is { } tag ? Of(tag) : response.Content.Headers.LastModified?.ToString("O", System.Globalization.CultureInfo.InvariantCulture);

    private static string Of(EntityTagHeaderValue tag) => (tag.IsWeak ? "W/" : "") + tag.Tag.Trim('"');
}
