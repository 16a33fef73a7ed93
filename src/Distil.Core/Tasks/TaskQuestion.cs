namespace Distil.Core.Tasks;

/// <summary>A multiple-choice question as a language model receives it.</summary>
/// <param name="Context">The text before the choice.</param>
/// <param name="Choices">The possible continuations, each after a space; two or more, none empty.</param>
/// <param name="Answer">Index of the right choice.</param>
public sealed record TaskQuestion(string Context, IReadOnlyList<string> Choices, int Answer)
{
    /// <value>The question with its answer, as an example before another question.</value>
    public string AsExample => $"{Context} {Choices[Answer]}\n\n";
}
