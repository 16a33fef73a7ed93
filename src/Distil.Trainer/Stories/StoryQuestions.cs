using Distil.Core.Tasks;
using Distil.Inference.Randomness;

namespace Distil.Trainer.Stories;

/// <summary>Multiple-choice questions from stories: a story is cut before the last mention of something, which must be recalled.</summary>
/// <param name="seed">Determines every story and question.</param>
internal sealed class StoryQuestions(int seed)
{
    private const int Choices = 4;
    private readonly StoryGenerator _stories = new(seed);

    /// <value>The slots that are asked for; each is a task. Colours are left out, because the sample teacher does not recall them.</value>
    public static IReadOnlyList<string> Slots { get; } = ["friend", "toy", "number", "foods"];

    /// <summary>Returns questions about one slot, endlessly.</summary>
    /// <param name="slot">One of <see cref="Slots"/>.</param>
    /// <param name="first">Number of the first story to use.</param>
    public IEnumerable<TaskQuestion> About(string slot, int first)
    {
        for (var index = first; ; index++)
        {
            if (Ask(_stories.Tell(index), slot, index) is { } question)
            {
                yield return question;
            }
        }
    }

    private TaskQuestion? Ask(Story story, string slot, int index)
    {
        var (answer, places) = (story.Slots[slot], story.Mentions.Where(mention => mention.Slot == slot).Select(mention => mention.Start).ToArray());

        // A mention at the beginning of a sentence is capitalised, which would reveal the answer.
        var last = places.Length < 2 || story.Text[places[^1] - 1] != ' ' ? -1 : places[^1];
        if (last < 0 || string.CompareOrdinal(story.Text, last, answer, 0, answer.Length) != 0)
        {
            return null;
        }

        var random = SplitMix64.At(unchecked(((ulong)(uint)seed << 32) ^ ((ulong)(uint)index << 3) ^ (ulong)answer.Length));
        List<string> others = [.. _stories.ValuesOf(slot).Where(value => value != answer)];
        var choices = new List<string>();
        while (choices.Count < Choices - 1)
        {
            var at = random.Below(others.Count);
            choices.Add(others[at]);
            others.RemoveAt(at);
        }

        var place = random.Below(Choices);
        choices.Insert(place, answer);
        return new TaskQuestion(story.Text[..last].TrimEnd(), choices, place);
    }
}
