using System.Text.RegularExpressions;

namespace Distil.Core;

/// <summary>The form of a run's id. Other texts would name other blobs (<c>a/b</c>) or other containers (<c>../..</c>).</summary>
public static partial class RunId
{
    /// <summary>1 to 100 of a–z, 0–9 and <c>-</c>, starting with a letter or digit; as a pattern of the whole text.</summary>
    internal const string Pattern = "[a-z0-9][a-z0-9-]{0,99}";

    /// <summary>Whether a text has the form of a run's id.</summary>
    public static bool IsOne(string text) => Whole().IsMatch(text);

    [GeneratedRegex(@"\A" + Pattern + @"\z")]
    private static partial Regex Whole();
}
