using Distil.Core.Errors;
using Distil.Inference.Sampling;
using Distil.Trainer.Generation;
using Distil.Trainer.Tests.Evaluation;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Generation;

public sealed class GeneratorTests
{
    [Fact]
    public void Greedy_tokens_are_the_argmax_of_a_forward_pass_over_all_before_them()
    {
        using var model = new DecayModel(50, 8, seed: 4);
        List<int> prompt = [3, 1, 4];
        var made = Continue(model, prompt, SamplingOptions.Greedy, 20).ToList();

        Assert.Equal(20, made.Count);
        List<long> all = [.. prompt];
        foreach (var token in made)
        {
            using var scope = NewDisposeScope();
            var hidden = model.Forward(tensor(all, 1, all.Count))[0, -1];
            Assert.Equal(model.HeadWeight.mv(hidden).argmax().item<long>(), token);
            all.Add(token);
        }
    }

    [Fact]
    public void A_prompt_longer_than_one_piece_is_read_whole()
    {
        using var model = new DecayModel(50, 8, seed: 4);
        var prompt = Enumerable.Range(0, 1030).Select(i => i * 7 % 50).ToArray();
        var hidden = model.Forward(tensor(prompt.Select(id => (long)id).ToArray(), 1, prompt.Length))[0, -1];
        Assert.Equal(
            model.HeadWeight.mv(hidden).argmax().item<long>(),
            Assert.Single(Continue(model, prompt, SamplingOptions.Greedy, 1)));
    }

    [Fact]
    public void Ends_at_end_of_text_without_returning_it()
    {
        using var model = new DecayModel(50, 8, seed: 4);
        var free = Continue(model, [3, 1, 4], SamplingOptions.Greedy, 12).ToList();
        var end = free[5];
        Assert.Equal(free.TakeWhile(id => id != end), Continue(model, [3, 1, 4], SamplingOptions.Greedy, 12, endOfText: end));
    }

    [Fact]
    public void A_seed_fixes_the_continuation()
    {
        using var model = new DecayModel(50, 8, seed: 4);
        var options = new SamplingOptions { Temperature = 2, Seed = 9 };
        var first = Continue(model, [1], options, 30).ToList();
        Assert.Equal(first, Continue(model, [1], options, 30));
        Assert.NotEqual(first, Continue(model, [1], options with { Seed = 10 }, 30));
    }

    [Fact]
    public void No_tokens_asked_is_none_given()
    {
        using var model = new DecayModel(50, 8, seed: 4);
        Assert.Empty(Continue(model, [1], SamplingOptions.Greedy, 0));
    }

    [Theory]
    [InlineData(new int[0], "no tokens")]
    [InlineData(new[] { 3, 50 }, "token 50")]
    [InlineData(new[] { -1 }, "token -1")]
    public void A_prompt_that_cannot_be_read_is_the_users_error(int[] prompt, string named)
    {
        using var model = new DecayModel(50, 8, seed: 4);
        var error = Assert.Throws<InvalidInputException>(() => Continue(model, prompt, SamplingOptions.Greedy, 1));
        Assert.Contains(named, error.Message);
    }

    private static IEnumerable<int> Continue(DecayModel model, IReadOnlyList<int> prompt, SamplingOptions options, int tokens, int? endOfText = null) =>
        new Inference.Generation.Generator(new TorchTextModel(model)).Continue(prompt, options, tokens, endOfText, TestContext.Current.CancellationToken);
}
