using Distil.Core.Documents.Reports;
using Distil.Inference.Generation;
using Distil.Inference.Sampling;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Evaluation.Tasks;
using Distil.Trainer.Generation;
using Distil.Trainer.Models;

namespace Distil.Trainer.Jobs.Export;

/// <summary>Lets each model continue held-out beginnings greedily, and asks the teacher how likely that is.</summary>
/// <param name="teacher">The judge.</param>
/// <param name="endOfText">The token at which a continuation ends.</param>
/// <param name="maxTokens">Largest number of tokens of a continuation, ≥ 1.</param>
internal sealed class GreedyContinuations(ILanguageModel teacher, int endOfText, int maxTokens)
{
    /// <summary>Measures all models over the same beginnings.</summary>
    /// <param name="beginnings">Beginnings with the text's own continuation, all of held-out text.</param>
    /// <param name="student">The student.</param>
    /// <param name="baseline">The student trained without the teacher; null if there is none.</param>
    /// <param name="cancel">Checked for each beginning.</param>
    /// <returns>Null if there is no beginning.</returns>
    public GreedyLikelihood? Measure(
        IReadOnlyList<(IReadOnlyList<int> Prompt, IReadOnlyList<int> Truth)> beginnings, ILanguageModel student, ILanguageModel? baseline,
        CancellationToken cancel)
    {
        return beginnings.Count == 0 ? null : new(
            beginnings.Count, maxTokens, Of(teacher), Of(student), baseline is null ? null : Of(baseline),
            Likelihood(beginnings.Select(text => (text.Prompt, (IReadOnlyList<int>)[.. text.Truth.Take(maxTokens)])), cancel));

        double? Of(ILanguageModel model) => Likelihood(beginnings.Select(text => (text.Prompt, Continue(model, text.Prompt, cancel))), cancel);
    }

    private IReadOnlyList<int> Continue(ILanguageModel model, IReadOnlyList<int> prompt, CancellationToken cancel) =>
        [.. new Generator(new TorchTextModel(model)).Continue(prompt, SamplingOptions.Greedy, maxTokens, endOfText, cancel)];

    /// <summary>The teacher's mean ln p of the continuations' tokens; null if there is none.</summary>
    private double? Likelihood(IEnumerable<(IReadOnlyList<int> Prompt, IReadOnlyList<int> Continuation)> texts, CancellationToken cancel)
    {
        var scored = texts.Where(text => text.Continuation.Count > 0)
            .Select(text => new ScoredText([.. text.Prompt.Concat(text.Continuation).Select(id => (long)id)], text.Continuation.Count)).ToList();
        return scored.Count == 0
            ? null
            : new LikelihoodScorer(teacher, new EvaluationOptions()).Score(scored, cancel: cancel).Sum() / scored.Sum(text => text.Scored);
    }
}
