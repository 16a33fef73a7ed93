using System.Text.RegularExpressions;
using Distil.Trainer.Stories;

namespace Distil.Trainer.Tests.Stories;

public sealed class StoryGeneratorTests
{
    [Fact]
    public void A_seed_decides_every_story() =>
        Assert.Equal(Enumerable.Range(0, 50).Select(new StoryGenerator(7).Story), Enumerable.Range(0, 50).Select(new StoryGenerator(7).Story));

    [Fact]
    public void Stories_differ() => Assert.True(Enumerable.Range(0, 500).Select(new StoryGenerator(1).Story).Distinct().Count() > 495);

    [Fact]
    public void No_slot_rule_or_choice_is_left_unexpanded() =>
        Assert.All(Enumerable.Range(0, 500).Select(new StoryGenerator(3).Story), story => Assert.DoesNotMatch(@"[\[\]{}<>|\n]", story));

    [Fact]
    public void Sentences_begin_with_a_capital() =>
        Assert.All(Enumerable.Range(0, 500).Select(new StoryGenerator(3).Story), story => Assert.DoesNotMatch("""(^|\.|\." |\. )[a-z]""", story));

    [Fact]
    public void The_lost_toy_that_is_found_is_the_one_that_was_lost()
    {
        var stories = Enumerable.Range(0, 500).Select(new StoryGenerator(5).Story).Where(story => story.Contains("I have lost my")).ToList();
        Assert.NotEmpty(stories);
        Assert.All(stories, story =>
        {
            var lost = Regex.Match(story, "I have lost my (?<colour>\\w+) (?<toy>\\w+)");
            Assert.Contains($"had a {lost.Groups["colour"].Value} {lost.Groups["toy"].Value}", story);
        });
    }
}
