using System.Text.RegularExpressions;

namespace Distil.Core.Api.Requests;

/// <summary>Checks names that come from users before they become part of a blob's name.</summary>
internal static partial class Names
{
    private const int LongestArtifact = 512;

    /// <summary>Whether a text is a valid run id; any other text names no run.</summary>
    public static bool IsRunId(string text) => RunId().IsMatch(text);

    /// <summary>Whether a text can be the name of a run's artifact below its folder: segments of letters, digits, <c>. _ -</c>, none of which begins with a
    /// dot.</summary>
    public static bool IsArtifact(string text) => text.Length <= LongestArtifact && Artifact().IsMatch(text);

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,99}\z")]
    private static partial Regex RunId();

    [GeneratedRegex(@"\A[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\z")]
    private static partial Regex Artifact();
}
