namespace Distil.Trainer.Stories;

/// <summary>A story and what it is about.</summary>
/// <param name="Text">On one line.</param>
/// <param name="Slots">What the story has fixed, by slot: <c>colour</c> is <c>red</c>.</param>
/// <param name="Mentions">Where it says so, in the text's order.</param>
internal sealed record Story(string Text, IReadOnlyDictionary<string, string> Slots, IReadOnlyList<Mention> Mentions);

/// <summary>A place that mentions what a slot holds.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="Start">Index of the text's first character of it.</param>
internal readonly record struct Mention(string Slot, int Start);
