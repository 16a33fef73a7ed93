using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Distil.Core.Tokenization;

/// <summary>The patterns of the tokenizers that this process reads: it reads few, each several times, and compiling a pattern takes longer than reading the
/// file.</summary>
internal static class SplitPatterns
{
    private const int Most = 64;

    private static readonly ConcurrentDictionary<(string Pattern, TimeSpan MatchLimit), Regex> Known = new();

    /// <summary>A step's pattern.</summary>
    /// <param name="step">The step.</param>
    /// <param name="matchLimit">Maximum time for one match.</param>
    internal static Regex Of(SplitStep step, TimeSpan matchLimit)
    {
        if (Known.Count >= Most)
        {
            Known.Clear();
        }

        return Known.GetOrAdd((step.Pattern, matchLimit), _ => new Regex(
            step.Pattern, RegexOptions.CultureInvariant | (step.IsCompiled ? RegexOptions.Compiled : RegexOptions.None), matchLimit));
    }
}
