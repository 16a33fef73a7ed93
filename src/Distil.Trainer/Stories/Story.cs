namespace Distil.Trainer.Stories;

/// <summary>A story and its facts.</summary>
/// <param name="Text">The text, on one line.</param>
/// <param name="Slots">The values that the story has fixed, by slot: <c>colour</c> is <c>red</c>.</param>
/// <param name="Mentions">The places that mention them, in the text's order.</param>
internal sealed record Story(string Text, IReadOnlyDictionary<string, string> Slots, IReadOnlyList<Mention> Mentions);

/// <summary>A place that mentions the value of a slot.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="Start">Index of the mention's first character in the text.</param>
internal readonly record struct Mention(string Slot, int Start);
