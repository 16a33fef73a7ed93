using Distil.Core.Documents.Evaluations;
using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Evaluation.Recall;

namespace Distil.Trainer.Tests.Evaluation.Recall;

public sealed class RecallEvaluatorTests
{
    private const int Vocabulary = 80;
    private static readonly RecallTokens Tokens = new([.. Enumerable.Range(1, Vocabulary - 1).Select(id => (long)id)], 0);

    [Fact]
    public void Perfect_memory_recalls_all_and_a_short_one_loses_the_long_sequences_first()
    {
        using var perfect = new InductionModel(Vocabulary, reach: 1000);
        using var short_ = new InductionModel(Vocabulary, reach: 20);
        var results = Evaluate(new RecallSpec { Lengths = [16, 32, 128], Sequences = 8 }, short_, perfect);

        Assert.Equal(6, results.Count);
        Assert.All(results, result => Assert.Equal(1, result.Teacher!.Value));
        foreach (var kind in Enum.GetValues<RecallKind>())
        {
            var shares = results.Where(result => result.Kind == kind).Select(result => result.Student.Value).ToArray();
            Assert.Equal(1, shares[0]);
            Assert.True(shares[0] >= shares[1] && shares[1] > shares[2], $"{kind}: {string.Join(", ", shares)}");
        }

        Assert.Equal([1 / 4.0, 1 / 8.0, 1 / 32.0], results.Take(3).Select(result => result.Chance));
        Assert.Equal(results[2].Student.Value, results[2].Recovery!.Rate!.Value, 1e-12);
        Assert.True(results[2].Student.StandardError > 0);
    }

    [Fact]
    public void Without_memory_recall_is_a_guess()
    {
        using var model = new UnigramModel([.. Enumerable.Repeat(1.0 / Vocabulary, Vocabulary)]);
        var results = Evaluate(new RecallSpec { Lengths = [16], Sequences = 200 }, model, null);
        Assert.All(results, result => Assert.InRange(result.Student.Value, 0, result.Chance)); // it always predicts the same token
        Assert.All(results, result => Assert.Null(result.Recovery));
    }

    [Fact]
    public void A_seed_decides_the_sequences()
    {
        using var model = new DecayModel(Vocabulary, 6, seed: 1);
        var spec = new RecallSpec { Lengths = [16, 32], Sequences = 8 };
        Assert.Equal(Evaluate(spec, model, null), Evaluate(spec, model, null));
        Assert.NotEqual(Evaluate(spec, model, null), Evaluate(spec, model, null, seed: 2));
    }

    [Fact]
    public void Lengths_double_up_to_the_context_where_none_are_named_and_the_teacher_stops_at_its_own()
    {
        using var model = new DecayModel(Vocabulary, 6, seed: 1);
        var results = Evaluate(new RecallSpec { Sequences = 2 }, model, model, longest: 32);
        Assert.Equal([16, 32, 64], results.Take(3).Select(result => result.Length));
        Assert.Equal([false, false, true], results.Take(3).Select(result => result.BeyondTeachersContext));
        Assert.Equal([true, true, false], results.Take(3).Select(result => result.Teacher is not null));
    }

    [Fact]
    public void A_length_beyond_the_tokens_is_the_users_error()
    {
        using var model = new DecayModel(Vocabulary, 6, seed: 1);
        var error = Assert.Throws<InvalidInputException>(() => Evaluate(new RecallSpec { Lengths = [16, 400] }, model, null));
        Assert.Contains("400 needs 200 distinct tokens; the held-out text has 79", error.Message);
    }

    private static IReadOnlyList<RecallResult> Evaluate(RecallSpec spec, Trainer.Models.ILanguageModel student,
        Trainer.Models.ILanguageModel? teacher, int seed = 1, int? longest = null) =>
        new RecallEvaluator(new EvaluationOptions()).Evaluate(
            spec, seed, contextLength: 100, Tokens, student, teacher, longest, tolerance: 0.05, cancel: TestContext.Current.CancellationToken);
}
