using Distil.Core.Documents.Evaluations;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Evaluation.Tasks;

namespace Distil.Trainer.Tests.Evaluation.Tasks;

public sealed class TaskEvaluatorTests : IDisposable
{
    private static readonly HuggingFaceTokenizer Tokenizer = HuggingFaceTokenizer.Load(Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny"));
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    /// <summary>By hand: ln p(" b") = ln 0.05 = −3.00, ln p(" cccc") = 4 · ln 0.2 = −6.44, ln p(" é") = −5.5.</summary>
    /// <remarks>
    /// b or cccc: −3.00 &gt; −6.44, so acc says b; over 1 and 4 characters −3.00 &lt; −1.61, so acc_norm says cccc, and acc_bytes too.
    /// b or é: −3.00 &gt; −5.5, so acc says b; over 1 and 1 characters it stays b; over 1 and 2 bytes −3.00 &lt; −2.75, so acc_bytes says é.
    /// </remarks>
    [Fact]
    public void Acc_and_acc_norm_are_those_computed_by_hand()
    {
        using var model = new UnigramModel(Probabilities());
        File.WriteAllLines(
            _path, [Question("b", "cccc", answer: 1), Question("b", "é", answer: 0), Question("b", "é", answer: 1), Question("b", "cccc", answer: 1)]);

        var result = Evaluate(model, model);

        Assert.Equal(4, result.Questions);
        Assert.Equal(0.5, result.Chance);
        Assert.Equal(0.25, result.Student.Acc.Value);      // b, b, b, b: right once
        Assert.Equal(0.75, result.Student.AccNorm.Value);  // cccc, b, b, cccc: right thrice
        Assert.Equal(0.75, result.Student.AccBytes.Value); // cccc, é, é, cccc: right thrice
        Assert.Equal(Math.Sqrt(0.75 / 3 / 4), result.Student.Acc.StandardError!.Value, 1e-12);
        Assert.Equal(result.Student, result.Teacher);
        Assert.Equal(1, result.Recovery!.Rate!.Value, 1e-12);
        Assert.Equal(0, result.Recovery.Rate.StandardError!.Value, 1e-12);
        Assert.Equal(1, result.Recovery.AboveChance!.Value, 1e-12);
        Assert.True(result.Recovery.WithinTolerance);
    }

    [Fact]
    public void A_student_is_compared_with_its_teacher_question_by_question()
    {
        double[] student = [1, 1, 0, 0], teacher = [1, 1, 1, 0];
        var recovery = Recovery.Of(student, teacher, 0.25, tolerance: 0.05);
        Assert.Equal(2 / 3.0, recovery.Rate!.Value, 1e-12);
        Assert.Equal((2 - 1) / (3 - 1.0), recovery.AboveChance!.Value, 1e-12);
        Assert.False(recovery.WithinTolerance);
        Assert.True(Recovery.Of(student, teacher, 0.25, tolerance: 0.34).WithinTolerance);

        // residuals s − r·t: 1/3, 1/3, −2/3, 0; their squares 2/3; √(4/3 · 2/3) / 3
        Assert.Equal(Math.Sqrt(4 / 3.0 * 2 / 3) / 3, recovery.Rate.StandardError!.Value, 1e-12);
    }

    [Fact]
    public void A_teacher_that_guesses_leaves_nothing_to_recover_above_chance() =>
        Assert.Null(Recovery.Of([1, 1, 0, 0], [1, 0, 0, 0], 0.25, 0.05).AboveChance);

    [Fact]
    public void Contexts_longer_than_the_teachers_are_cut_and_counted()
    {
        using var model = new UnigramModel(Probabilities());
        File.WriteAllLines(_path, [Question("b", "cccc", answer: 1)]);
        var result = new TaskEvaluator(Tokenizer, new EvaluationOptions()).Evaluate(
            Task(), model, null, longest: 4, tolerance: 0.05, cancel: TestContext.Current.CancellationToken);
        Assert.Equal(1, result.Truncated);
        Assert.Null(result.Teacher);
        Assert.Null(result.Recovery);
        Assert.Equal(1, result.Student.AccNorm.Value);
    }

    private TaskResult Evaluate(UnigramModel student, UnigramModel teacher) => new TaskEvaluator(Tokenizer, new EvaluationOptions()).Evaluate(
        Task(), student, teacher, longest: null, tolerance: 0.05, cancel: TestContext.Current.CancellationToken);

    private TaskSpec Task() => new() { Name = "hand", Path = _path };

    private static string Question(string first, string second, int answer) =>
        $$"""{"question": "Say", "choices": ["{{first}}", "{{second}}"], "answer": {{answer}}}""";

    private static double[] Probabilities()
    {
        var (b, c, e) = (Ids(" b"), Ids(" cccc"), Ids(" é"));
        Assert.Equal((1, 4), (b.Length, c.Length)); // as in the computation by hand
        var probabilities = Enumerable.Repeat(1e-9, Tokenizer.VocabularySize).ToArray();
        foreach (var id in b)
        {
            probabilities[id] = 0.05;
        }

        foreach (var id in c)
        {
            probabilities[id] = 0.2;
        }

        foreach (var id in e)
        {
            probabilities[id] = Math.Exp(-5.5 / e.Length);
        }

        probabilities[Ids(" z")[0]] = 1 - probabilities.Sum();
        return probabilities;
    }

    private static int[] Ids(string text) => [.. Tokenizer.Encode(text)];
}
