using Distil.Core.Tasks;
using Distil.Trainer.Randomness;

namespace Distil.Trainer.Stories;

/// <summary>Multiple-choice questions from stories: one breaks off where it mentions something for the last time, and what that was must be recalled.</summary>
/// <param name="seed">Decides every story and question.</param>
internal sealed class StoryQuestions(int seed)
{
    private const int Choices = 4;
    private readonly StoryGenerator _stories = new(seed);

    /// <value>What is asked for; each makes a task. Colours are not: the sample teacher does not recall them.</value>
    public static IReadOnlyList<string> Slots { get; } = ["friend", "toy", "number", "foods"];

    /// <summary>Questions after one slot, without end.</summary>
    /// <param name="slot">One of <see cref="Slots"/>.</param>
    /// <param name="first">Number of the first story looked at.</param>
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

        // A mention at a sentence's beginning is capitalised, which would give the answer away.
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
