using Distil.Core.Documents.Evaluations;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Trainer.Evaluation.Recall;
using Distil.Trainer.Evaluation.Tasks;
using Distil.Trainer.Models;

namespace Distil.Trainer.Evaluation;

/// <summary>The measurements besides perplexity, once a student is trained: tasks, recall and copying.</summary>
public sealed record EvaluationSuite
{
    /// <value>The tasks, lengths and tolerance.</value>
    public required EvaluationSpec Spec { get; init; }

    /// <value>Seed of the sequences to recall.</value>
    public required int Seed { get; init; }

    /// <value>The longest length to recall if the specification names none.</value>
    public required int ContextLength { get; init; }

    /// <value>The tokenizer of both models.</value>
    public required HuggingFaceTokenizer Tokenizer { get; init; }

    /// <value>Maximum number of tokens that the teacher can read; null if it has no limit.</value>
    public int? Longest { get; init; }

    /// <value>How the work is divided into pieces.</value>
    public EvaluationOptions Options { get; init; } = new();

    /// <summary>Adds the measurements to a result.</summary>
    /// <param name="result">The result of the same models.</param>
    /// <param name="rows">Held-out text, whose tokens are to be recalled.</param>
    /// <param name="student">Any causal model.</param>
    /// <param name="teacher">A model with the same vocabulary; null to measure the student alone.</param>
    /// <param name="progress">Receives the name of the current measurement, how much of it is done, and how much there is.</param>
    /// <param name="cancel">Checked before each batch.</param>
    /// <exception cref="Distil.Core.Errors.InvalidInputException">A task's file cannot be read, or there are too few tokens for a length.</exception>
    public EvaluationResult Extend(
        EvaluationResult result, IReadOnlyList<long[]> rows, ILanguageModel student, ILanguageModel? teacher,
        Action<string, int, int>? progress = null, CancellationToken cancel = default)
    {
        var evaluator = new TaskEvaluator(Tokenizer, Options);
        List<TaskResult> tasks = [.. Spec.Tasks.Select(task => evaluator.Evaluate(
            task, student, teacher, Longest, Spec.Tolerance, (done, total) => progress?.Invoke($"task {task.Name}", done, total), cancel))];
        var recall = !Tokenizer.HasEndOfText && Spec.Recall.Lengths is null ? [] : new RecallEvaluator(Options).Evaluate(
            Spec.Recall, Seed, ContextLength, RecallTokens.Of(rows, Tokenizer.EndOfText, Tokenizer.Beginning), student, teacher, Longest, Spec.Tolerance,
            (done, total) => progress?.Invoke("recall", done, total), cancel);
        var compared = tasks.Count(task => task.Recovery is not null);
        return result with
        {
            Tasks = tasks.Count > 0 ? tasks : null,
            Recall = recall.Count > 0 ? recall : null,
            TasksWithinTolerance = compared > 0 ? tasks.Count(task => task.Recovery is { WithinTolerance: true }) / (double)compared : null,
        };
    }
}
