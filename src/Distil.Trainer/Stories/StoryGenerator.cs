using System.Text;
using Distil.Inference.Randomness;

namespace Distil.Trainer.Stories;

/// <summary>Writes short, coherent English stories whose names, objects, colours and numbers recur, so that a model must recall them.</summary>
/// <param name="seed">Determines every story.</param>
/// <remarks>Story i depends only on seed and i: a longer corpus begins with the shorter one.</remarks>
public sealed class StoryGenerator(int seed)
{
    private readonly StoryGrammar _grammar = StoryGrammar.Load();

    /// <summary>Returns one story, on one line.</summary>
    /// <param name="index">From 0.</param>
    public string Story(int index) => Tell(index).Text;

    /// <summary>The values that a table can assign to a slot.</summary>
    internal IReadOnlyList<string> ValuesOf(string slot) =>
        [.. _grammar.Tables.SelectMany(rows => rows).SelectMany(row => row).Where(pair => pair.Key == slot).Select(pair => pair.Value).Distinct()];

    /// <summary>Returns one story and the places that mention the values of its slots.</summary>
    internal Story Tell(int index)
    {
        var random = SplitMix64.At(unchecked(((ulong)(uint)seed << 32) | (uint)index));
        var slots = new Dictionary<string, string>();
        foreach (var table in _grammar.Tables)
        {
            foreach (var (slot, value) in table[random.Below(table.Count)])
            {
                slots[slot] = value;
            }
        }

        var text = new StringBuilder();
        var mentions = new List<Mention>();
        Expand(_grammar.Alternatives("story"), slots, ref random, text, mentions);
        return new Story(Capitalise(text), slots, mentions);
    }

    private void Expand(
        IReadOnlyList<string> alternatives, Dictionary<string, string> slots, ref SplitMix64 random, StringBuilder text, List<Mention> mentions) =>
        Expand(alternatives[random.Below(alternatives.Count)], slots, ref random, text, mentions);

    private void Expand(string template, Dictionary<string, string> slots, ref SplitMix64 random, StringBuilder text, List<Mention> mentions)
    {
        for (var i = 0; i < template.Length; i++)
        {
            switch (template[i])
            {
                case '<':
                    Expand(_grammar.Alternatives(Inside(template, ref i, '>')), slots, ref random, text, mentions);
                    break;
                case '{':
                    var slot = Inside(template, ref i, '}');
                    mentions.Add(new Mention(slot, text.Length));
                    Expand(slots[slot], slots, ref random, text, mentions);
                    break;
                case '[':
                    Expand(Inside(template, ref i, ']').Split('|'), slots, ref random, text, mentions);
                    break;
                default:
                    text.Append(template[i]);
                    break;
            }
        }
    }

    private static string Inside(string template, ref int position, char close)
    {
        var start = position + 1;
        position = template.IndexOf(close, start);
        return template[start..position];
    }

    private static string Capitalise(StringBuilder text)
    {
        var begins = true;
        for (var i = 0; i < text.Length; i++)
        {
            if (begins && char.IsLetter(text[i]))
            {
                text[i] = char.ToUpperInvariant(text[i]);
                begins = false;
            }
            else if (text[i] is '.' or '!' or '?' && EndsSentence(text, i))
            {
                begins = true;
            }
        }

        return text.ToString();
    }

    // After a call or question inside speech the sentence may continue in lower case ("…?" asked Tom); a full stop always ends a sentence.
    private static bool EndsSentence(StringBuilder text, int i)
    {
        var next = i + 1 < text.Length ? text[i + 1] : ' ';
        return next == ' ' || (next == '"' && (text[i] == '.' || (i + 3 < text.Length && !char.IsLower(text[i + 3]))));
    }
}
