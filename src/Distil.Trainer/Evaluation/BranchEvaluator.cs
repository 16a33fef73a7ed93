using Distil.Core.Documents.Evaluations;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Linearised;
using static TorchSharp.torch;

namespace Distil.Trainer.Evaluation;

/// <summary>Measures what memory and window of a linearised student contribute.</summary>
/// <param name="options">How the work is divided into pieces.</param>
public sealed class BranchEvaluator(EvaluationOptions options)
{
    /// <summary>Rows over which the mean shares are taken: a mean needs few.</summary>
    private const int RowsOfShares = 8;

    /// <param name="student">The student as trained.</param>
    /// <param name="start">The same student before its first step.</param>
    /// <param name="teacher">Its teacher.</param>
    /// <param name="rows">Each row's real tokens.</param>
    /// <param name="progress">Called after each of the measurements with the number of those that are done.</param>
    /// <param name="cancel">Checked before each batch.</param>
    public BranchResult Evaluate(
        LinearisedModel student, LinearisedModel start, ILanguageModel teacher, IReadOnlyList<EvaluationRow> rows, Action<int, int>? progress = null,
        CancellationToken cancel = default)
    {
        var (mixed, done) = (student.Shape.Window > 0, 0);
        var measurements = mixed ? 4 : 2;
        var reach = mixed ? student.Shape.Window + student.Shape.Sinks : 0;
        var beyond = mixed && rows.Any(row => row.Positions(reach).Any()) ? Measure(student, Branch.Both, reach) : null;
        return new BranchResult
        {
            Start = Score(Measure(start, Branch.Both))!,
            WindowAlone = mixed ? Score(Measure(student, Branch.Window)) : null,
            MemoryAlone = mixed ? Score(Measure(student, Branch.Memory)) : null,
            MemoryShares = Shares(student, rows),
            Reach = reach,
            Beyond = Score(beyond),
            TeacherBeyond = beyond?.Teacher!.CrossEntropy,
        };

        EvaluationResult Measure(LinearisedModel model, Branch branch, int skip = 0)
        {
            model.Branch = branch;
            try
            {
                return new Evaluator(options with { SkipPositions = skip }).Evaluate(model, teacher, rows, progress: null, cancel);
            }
            finally
            {
                model.Branch = Branch.Both;
                progress?.Invoke(++done, measurements);
            }
        }
    }

    private static BranchScore? Score(EvaluationResult? result) =>
        result is null ? null : new(result.Student.CrossEntropy, result.Kl!.Value, result.Top1Agreement!.Value);

    /// <summary>The mean share of each layer over the first rows.</summary>
    private static IReadOnlyList<double> Shares(LinearisedModel student, IReadOnlyList<EvaluationRow> rows)
    {
        using var scope = NewDisposeScope();
        List<(double[] Shares, int Length)> measured = [.. rows.Take(RowsOfShares).Select(
            row => (student.MeanShares(tensor(row.Ids, 1, row.Ids.Length).to(student.Device)).ToArray(), row.Ids.Length))];
        var tokens = (double)measured.Sum(row => row.Length);
        return [.. Enumerable.Range(0, measured[0].Shares.Length).Select(layer => measured.Sum(row => row.Shares[layer] * row.Length) / tokens)];
    }
}
