using System.Text.RegularExpressions;

namespace Distil.Core.Api.Requests;

/// <summary>Checks names that come from requests before they become part of a blob's name.</summary>
internal static partial class RequestNames
{
    private const int LongestArtifact = 512;

    /// <summary>Whether a text has the form of an artifact's name in its run's folder: segments of letters, digits, <c>. _ -</c>, none of which begins with a
    /// dot.</summary>
    public static bool IsArtifact(string text) => text.Length <= LongestArtifact && Artifact().IsMatch(text);

    [GeneratedRegex(@"\A[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\z")]
    private static partial Regex Artifact();
}
