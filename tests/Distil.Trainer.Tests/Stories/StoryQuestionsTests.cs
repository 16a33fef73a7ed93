using Distil.Core.Specification;
using Distil.Core.Tasks;
using Distil.Trainer.Stories;

namespace Distil.Trainer.Tests.Stories;

public sealed class StoryQuestionsTests
{
    public static TheoryData<string> Slots => [.. StoryQuestions.Slots];

    [Theory]
    [MemberData(nameof(Slots))]
    public void The_answer_was_told_before_the_story_breaks_off(string slot)
    {
        foreach (var question in new StoryQuestions(5).About(slot, 0).Take(60))
        {
            Assert.Equal(4, question.Choices.Distinct().Count());
            Assert.Contains(question.Choices[question.Answer], question.Context, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotMatch(@"\s$", question.Context);
        }
    }

    [Theory]
    [MemberData(nameof(Slots))]
    public void The_committed_tasks_are_what_the_generator_gives(string slot)
    {
        var committed = TaskFile.Read(new TaskSpec { Name = slot, Path = Repository.Sample("stories", "tasks", $"{slot}.jsonl") });
        Assert.Equal(
            new StoryQuestions(2).About(slot, 0).Take(80).Select(question => (question.Context, string.Join('|', question.Choices), question.Answer)),
            committed.Select(question => (question.Context, string.Join('|', question.Choices), question.Answer)));
    }
}
