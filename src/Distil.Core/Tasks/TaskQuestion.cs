namespace Distil.Core.Tasks;

/// <summary>A multiple-choice question as a language model sees it.</summary>
/// <param name="Context">What comes before the choice.</param>
/// <param name="Choices">What may follow, each after a space; two or more, none empty.</param>
/// <param name="Answer">Index of the right one.</param>
public sealed record TaskQuestion(string Context, IReadOnlyList<string> Choices, int Answer)
{
    /// <value>The question with its answer, as an example before another question.</value>
    public string AsExample => $"{Context} {Choices[Answer]}\n\n";
}
