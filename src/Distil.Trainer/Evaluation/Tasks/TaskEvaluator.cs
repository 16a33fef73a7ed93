using System.Text;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Specification;
using Distil.Core.Tasks;
using Distil.Core.Tokenization;
using Distil.Trainer.Models;

namespace Distil.Trainer.Evaluation.Tasks;

/// <summary>Multiple-choice tasks by log-likelihood: <c>acc</c> and <c>acc_norm</c> as lm-evaluation-harness computes them.</summary>
/// <param name="tokenizer">The tokenizer of both models.</param>
/// <param name="options">How the work is divided into pieces.</param>
public sealed class TaskEvaluator(HuggingFaceTokenizer tokenizer, EvaluationOptions options)
{
    /// <summary>Evaluates a task's questions.</summary>
    /// <param name="task">The task; its file is read.</param>
    /// <param name="student">Any causal model.</param>
    /// <param name="teacher">A model with the same vocabulary; null to evaluate the student alone.</param>
    /// <param name="longest">Maximum number of tokens that the teacher can read; both models read the same. Null if there is no limit.</param>
    /// <param name="tolerance">The tolerance of <see cref="Recovery.WithinTolerance"/>.</param>
    /// <param name="progress">Receives how many of the models' choices are done, and how many there are.</param>
    /// <param name="cancel">Checked before each batch.</param>
    /// <exception cref="Distil.Core.Errors.InvalidInputException">The file cannot be read.</exception>
    public TaskResult Evaluate(
        TaskSpec task, ILanguageModel student, ILanguageModel? teacher, int? longest, double tolerance,
        Action<int, int>? progress = null, CancellationToken cancel = default)
    {
        var questions = TaskFile.Read(task);
        var whole = questions.SelectMany(question => question.Choices.Select(choice => ScoredText.Of(tokenizer, question.Context, " " + choice))).ToArray();
        ScoredText[] texts = longest is { } most ? [.. whole.Select(text => text.Within(most))] : whole;
        var models = teacher is null ? 1 : 2;
        var own = Ask(student, 0);
        var others = teacher is null ? null : Ask(teacher, 1);
        var chance = questions.Average(question => 1.0 / question.Choices.Count);
        return new TaskResult
        {
            Name = task.Name,
            Questions = questions.Count,
            Shots = task.Shots,
            Chance = chance,
            Truncated = texts.Zip(whole).Count(pair => !ReferenceEquals(pair.First, pair.Second)),
            Student = own.Score,
            Teacher = others?.Score,
            Recovery = others is null ? null : Recovery.Of(own.AccNorm, others.AccNorm, chance, tolerance),
        };

        Answers Ask(ILanguageModel model, int number)
        {
            var scorer = new LikelihoodScorer(model, options);
            return Answers.Of(questions, scorer.Score(texts, done => progress?.Invoke((number * texts.Length) + done, models * texts.Length), cancel));
        }
    }

    /// <summary>1 or 0 for each question.</summary>
    private sealed record Answers(double[] Acc, double[] AccNorm, double[] AccBytes)
    {
        public TaskScore Score => new(Estimate.OfMean(Acc), Estimate.OfMean(AccNorm), Estimate.OfMean(AccBytes));

        /// <param name="questions">The questions.</param>
        /// <param name="likelihoods">The log-likelihoods of all choices, question after question.</param>
        public static Answers Of(IReadOnlyList<TaskQuestion> questions, double[] likelihoods)
        {
            var starts = new int[questions.Count];
            for (var i = 1; i < starts.Length; i++)
            {
                starts[i] = starts[i - 1] + questions[i - 1].Choices.Count;
            }

            return new Answers(Right(_ => 1), Right(Characters), Right(Encoding.UTF8.GetByteCount));

            double[] Right(Func<string, int> length) => [.. questions.Select((question, i) =>
            {
                double[] scores = [.. question.Choices.Select((choice, c) => likelihoods[starts[i] + c] / length(choice))];
                return Array.IndexOf(scores, scores.Max()) == question.Answer ? 1.0 : 0.0;
            })];
        }

        // The harness counts Python's characters: code points.
        private static int Characters(string text) => text.EnumerateRunes().Count();
    }
}
