using Distil.Core.Documents.Evaluations;
using Distil.Core.Specification;
using Distil.Onnx;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Models;
using Distil.Trainer.Training.Quantization;

namespace Distil.Trainer.Jobs.Export;

/// <summary>Measures what forms of the finished student's weights cost on the held-out rows.</summary>
internal static class FormMeasure
{
    private const string Text = "the held-out rows";

    /// <summary>Measures each of <c>export.weights</c>.</summary>
    /// <param name="job">The export job.</param>
    /// <param name="report">The report that it makes.</param>
    /// <param name="exact">The student with its own weights, whose folder is written.</param>
    /// <param name="checkpoint">The folder of its checkpoint.</param>
    internal static async Task<IReadOnlyList<FormQuality>> MeasureAsync(JobContext job, Core.Artifacts.Kinds.Report report, IStudentModel exact, string checkpoint)
    {
        WeightForm[] asked = [.. (job.Spec.Export.Weights ?? []).Distinct()];
        if (asked.Length == 0)
        {
            return [];
        }

        var forms = new List<FormQuality>();
        var rows = await job.ReadEvalRowsAsync(report.Run.Dataset, job.Spec.Evaluation.MaxRows);
        foreach (var form in asked)
        {
            using var rounded = job.LoadStudent(report.Final(StudentVariant.Distilled), checkpoint);
            WeightRounding.Of(rounded, RoundedStudent.FormsOf(ModelFolder.PathOf(job, StudentVariant.Distilled), form)).RoundAll();
            var result = new Evaluator(new() { BatchRows = job.Spec.Training.BatchSize }).Evaluate(
                rounded, exact, rows, at => job.Progress.Report($"measure {form.Word}", at.Rows, rows.Count, "rows", at.Tokens), job.Stop);
            forms.Add(Quality(form, result));
        }

        return forms;
    }

    // The exact student is the teacher of this evaluation.
    private static FormQuality Quality(WeightForm form, EvaluationResult result)
    {
        var (exact, rounded) = (result.Teacher!.CrossEntropy, result.Student.CrossEntropy);
        var error = result.PerplexityRatioStandardError / Math.Exp(rounded - exact); // of the difference: the ratio is its exponential
        return new(form, Text, result.Tokens, exact, rounded, error, Math.Max(0, result.Kl!.Value), result.Top1Agreement!.Value);
    }
}
