using System.Runtime.InteropServices;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Errors;
using Distil.Trainer.Models;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Evaluation;

/// <summary>Perplexity of student and teacher, KL(teacher ‖ student) and top-1 agreement on rows of tokens.</summary>
/// <remarks>Padding is neither predicted nor counted. Logits exist for <see cref="EvaluationOptions.ChunkPositions"/> positions at a time.</remarks>
/// <param name="options">How the work is divided into pieces.</param>
/// <param name="text">Counts the text of tokens; null to omit perplexity by words and bytes.</param>
public sealed class Evaluator(EvaluationOptions options, TokenText? text = null)
{
    /// <summary>Evaluates a student and, on the same tokens, a teacher.</summary>
    /// <param name="student">Any causal model.</param>
    /// <param name="teacher">A model with the same vocabulary; null to measure the student alone.</param>
    /// <param name="rows">Each row's real tokens; rows are independent texts. A row of fewer than two has nothing to predict.</param>
    /// <param name="progress">Called after each batch.</param>
    /// <param name="cancel">Checked before each batch.</param>
    /// <exception cref="InvalidInputException">The vocabularies differ, the rows contain nothing to predict, or a model's outputs are not finite.</exception>
    public EvaluationResult Evaluate(
        ILanguageModel student, ILanguageModel? teacher, IEnumerable<long[]> rows, Action<EvaluationProgress>? progress = null,
        CancellationToken cancel = default) => Evaluate(student, teacher, rows.Select(row => new EvaluationRow(row)), progress, cancel);

    /// <inheritdoc cref="Evaluate(ILanguageModel, ILanguageModel?, IEnumerable{long[]}, Action{EvaluationProgress}?, CancellationToken)"/>
    /// <remarks>Of rows with masks, only the tokens that count are predicted.</remarks>
    public EvaluationResult Evaluate(
        ILanguageModel student, ILanguageModel? teacher, IEnumerable<EvaluationRow> rows, Action<EvaluationProgress>? progress = null,
        CancellationToken cancel = default)
    {
        if (teacher is not null && teacher.VocabularySize != student.VocabularySize)
        {
            throw new InvalidInputException(
                $"the teacher's vocabulary has {teacher.VocabularySize} tokens, the student's {student.VocabularySize}; they must be one vocabulary");
        }

        using var noGrad = no_grad();
        var (scores, counts) = (new List<double>(), new List<(long Tokens, TextCounts? Text)>());
        long rowsDone = 0, tokens = 0;
        foreach (var (number, batch) in rows.Chunk(options.BatchRows).Index())
        {
            cancel.ThrowIfCancellationRequested();
            var predicted = Array.ConvertAll(batch, Predicted);                              // tokens of each row
            var measured = predicted.Count(count => count > 0);
            counts.AddRange(batch.Zip(predicted).Where(each => each.Second > 0).Select(each => ((long)each.Second, text?.Count(each.First))));
            if (measured > 0)
            {
                scores.AddRange(options.Ranks.Takes(number)
                    ? Measure(student, teacher, batch, predicted, scores.Count / ScoreSums.Count)
                    : new double[measured * ScoreSums.Count]);
            }

            rowsDone += batch.Length;
            tokens += predicted.Sum();
            progress?.Invoke(new EvaluationProgress(rowsDone, tokens));
        }

        options.Ranks.Complete(CollectionsMarshal.AsSpan(scores), student.Device);
        return tokens > 0
            ? ScoreSums.Collect(scores, counts).Result(rowsDone, teacher is not null)
            : throw new InvalidInputException($"the evaluation data has {rowsDone} rows and no row of two tokens or more, the second of which counts; there is nothing to predict");
    }

    /// <returns>The sums of each row that has something to predict, one row after another.</returns>
    private IEnumerable<double> Measure(ILanguageModel student, ILanguageModel? teacher, EvaluationRow[] batch, int[] predicted, int rowsBefore)
    {
        using var pause = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        var (ids, positions, labels, rows) = PaddedBatch.Of(batch, options.SkipPositions);
        var isText = tensor(labels.Select(id => text?.IsText(id) ?? true ? 1.0 : 0.0).ToArray());
        var label = tensor(labels);                                                          // (N)
        var studentHidden = HiddenAt(student, ids, positions);                               // (N, D)
        var teacherHidden = teacher is null ? null : HiddenAt(teacher, ids, positions);      // (N, D')
        var total = zeros([ScoreSums.Count, batch.Length], float64, student.Device);
        for (long start = 0; start < labels.Length; start += options.ChunkPositions)
        {
            using var chunk = NewDisposeScope();
            var part = TensorIndex.Slice(start, Math.Min(start + options.ChunkPositions, labels.Length));
            var studentLog = LogProbabilities(student, studentHidden[part]);
            var teacherLog = teacher is null ? null : LogProbabilities(teacher, teacherHidden![part]).to(student.Device);
            var scores = ScoreSums.Of(studentLog, teacherLog, label[part].to(student.Device).unsqueeze(-1), isText[part].to(student.Device));
            total.index_add_(1, rows[part].to(student.Device), scores, 1);
        }

        var values = total.cpu();                                                            // (8, B)
        return [.. predicted.Index().Where(each => each.Item > 0).SelectMany((each, i) => ScoreCheck.Finite(
            values[TensorIndex.Ellipsis, each.Index].contiguous().data<double>().ToArray(), rowsBefore + i))];
    }

    private int Predicted(EvaluationRow row) => row.Positions(options.SkipPositions).Count();

    private static Tensor HiddenAt(ILanguageModel model, Tensor ids, Tensor positions)
    {
        using var scope = NewDisposeScope();
        var hidden = model.Forward(ids.to(model.Device)).flatten(0, 1);                      // (B·S, D)
        return hidden.index_select(0, positions.to(model.Device)).MoveToOuterDisposeScope(); // (N, D)
    }

    /// <returns>(n, V).</returns>
    private static Tensor LogProbabilities(ILanguageModel model, Tensor hidden) =>
        model.LogitsOf(hidden).log_softmax(-1);
}
