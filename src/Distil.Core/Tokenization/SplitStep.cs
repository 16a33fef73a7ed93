namespace Distil.Core.Tokenization;

/// <summary>One step of a pre-tokenizer: splits a text by a pattern into the matches and, in most cases, the text between them.</summary>
/// <param name="Pattern">The pattern of a piece, for .NET.</param>
/// <param name="Explicit">The characters that the pattern names: no stand-in for another character may be one of them.</param>
/// <param name="KeepGaps">Whether the text between matches is a piece too (Isolated) or is dropped (Removed, inverted).</param>
public sealed record SplitStep(string Pattern, IReadOnlyList<(char First, char Last)> Explicit, bool KeepGaps)
{
    /// <value>Whether .NET may compile the pattern. Compiled, a lazy repetition inside another repetition can match too much, or ends in an exception
    /// (dotnet/runtime issue 129511); interpreted, it is right.</value>
    public bool IsCompiled { get; } = !Array.Exists(["*?", "+?", "??", "}?"], lazy => Pattern.Contains(lazy, StringComparison.Ordinal));

    /// <summary>Translates a pattern in Oniguruma's syntax.</summary>
    /// <exception cref="ArgumentException">The pattern is not reproduced.</exception>
    public static SplitStep Of(string pattern, bool keepGaps)
    {
        var (translated, named) = OnigurumaPattern.Translate(pattern);
        return new(translated, named, keepGaps);
    }
}
