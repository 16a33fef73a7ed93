using System.Runtime.InteropServices;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Trainer.Models;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Evaluation.Recall;

/// <summary>Measures associative recall and copying at growing lengths, with the same sequences for student and teacher.</summary>
/// <param name="options">How the work is divided into pieces.</param>
public sealed class RecallEvaluator(EvaluationOptions options)
{
    /// <summary>Measures both kinds at every length.</summary>
    /// <param name="spec">Lengths and sequences.</param>
    /// <param name="seed">Seed of the sequences.</param>
    /// <param name="contextLength">The longest length if the specification names none.</param>
    /// <param name="tokens">The tokens to draw from, and the one that ends a document.</param>
    /// <param name="student">Any causal model.</param>
    /// <param name="teacher">A model with the same vocabulary; null to measure the student alone.</param>
    /// <param name="longest">Maximum number of tokens that the teacher can read; at larger lengths it is not measured. Null if it has no limit.</param>
    /// <param name="tolerance">The tolerance of <see cref="Recovery.WithinTolerance"/>.</param>
    /// <param name="progress">Receives how many measurements are done, and how many there are.</param>
    /// <param name="cancel">Checked before each batch.</param>
    /// <exception cref="InvalidInputException">A length needs more distinct tokens than exist.</exception>
    public IReadOnlyList<RecallResult> Evaluate(
        RecallSpec spec, int seed, int contextLength, RecallTokens tokens, ILanguageModel student, ILanguageModel? teacher, int? longest, double tolerance,
        Action<int, int>? progress = null, CancellationToken cancel = default)
    {
        var lengths = RecallLengths.Of(spec, contextLength, tokens);
        var results = new List<RecallResult>();
        foreach (var kind in Enum.GetValues<RecallKind>())
        {
            foreach (var length in lengths)
            {
                progress?.Invoke(results.Count, 2 * lengths.Count);
                RecallSequence[] sequences = [.. RecallSequence.MakeAll(kind, length, spec.Sequences, tokens, seed)];
                var own = Accuracies(student, sequences, cancel);
                var beyond = length > longest;
                var others = teacher is null || beyond ? null : Accuracies(teacher, sequences, cancel);
                var chance = 1.0 / sequences[0].Candidates.Length;
                results.Add(new RecallResult
                {
                    Kind = kind,
                    Length = length,
                    Sequences = sequences.Length,
                    Chance = chance,
                    Student = Estimate.OfMean(own),
                    Teacher = others is null ? null : Estimate.OfMean(others),
                    BeyondTeachersContext = teacher is not null && beyond,
                    Recovery = others is null ? null : Recovery.Of(own, others, chance, tolerance),
                });
            }
        }

        return results;
    }

    /// <summary>Share of each sequence's answers that a model ranks first among the sequence's candidates.</summary>
    private double[] Accuracies(ILanguageModel model, RecallSequence[] sequences, CancellationToken cancel)
    {
        using var noGrad = no_grad();
        var accuracies = new List<double>(sequences.Length);
        foreach (var (number, batch) in sequences.Chunk(options.BatchRows).Index())
        {
            cancel.ThrowIfCancellationRequested();
            if (options.Ranks.Takes(number))
            {
                Measure(model, batch, accuracies);
            }
            else
            {
                accuracies.AddRange(new double[batch.Length]);
            }
        }

        options.Ranks.Complete(CollectionsMarshal.AsSpan(accuracies), model.Device);
        return [.. accuracies];
    }

    private static void Measure(ILanguageModel model, RecallSequence[] batch, List<double> accuracies)
    {
        using var pause = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        var length = batch[0].Tokens.Length - 1; // the last token need not be read
        var ids = tensor([.. batch.SelectMany(sequence => sequence.Tokens.Take(length))], batch.Length, length).to(model.Device);
        var hidden = model.Forward(ids);                                                                                  // (B, S, D)
        for (var b = 0; b < batch.Length; b++)
        {
            using var row = NewDisposeScope();
            var at = tensor(batch[b].Answers.Select(answer => answer - 1L).ToArray()).to(model.Device);
            var candidates = tensor(batch[b].Candidates).to(model.Device);                                                // (C)
            var head = model.HeadWeight.index_select(0, candidates);                                                      // (C, D)
            var chosen = hidden[b].index_select(0, at).to_type(head.dtype).matmul(head.t()).argmax(-1);                   // (n)
            var right = tensor(batch[b].Answers.Select(answer => batch[b].Tokens[answer]).ToArray()).to(model.Device);
            accuracies.Add(candidates.index_select(0, chosen).eq(right).to_type(float64).mean().cpu().item<double>());
        }
    }
}
