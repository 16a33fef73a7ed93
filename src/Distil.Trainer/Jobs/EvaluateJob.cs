using Distil.Core.Documents.Evaluations;
using Distil.Core.Tokenization;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Linearised;

namespace Distil.Trainer.Jobs;

/// <summary>Measures perplexity, KL and agreement of one epoch's weights on the held-out rows; after the last epoch also tasks and recall.</summary>
internal sealed class EvaluateJob(Core.Artifacts.Kinds.Evaluation evaluation) : IJob
{
    /// <inheritdoc />
    public async Task<object> RunAsync(JobContext job)
    {
        var rows = await job.ReadEvalRowsAsync(evaluation.Run.Dataset, job.Spec.Evaluation.MaxRows);
        using var student = await job.RestoreStudentAsync(evaluation.Weights);
        job.UsePrecision(student);
        var result = Evaluate(job, rows, student);
        await job.Store.WriteJsonAsync(evaluation.Closing, result, job.Stop);
        return result;
    }

    private EvaluationResult Evaluate(JobContext job, IReadOnlyList<EvaluationRow> rows, ILanguageModel student)
    {
        var tokenizer = HuggingFaceTokenizer.Load(job.TeacherFolder);
        var teacher = job.LoadTeacher();
        var options = new EvaluationOptions { BatchRows = job.Spec.Training.BatchSize };
        job.Progress.Uses([.. student.Operations, .. teacher.Operations]);
        job.Progress.Begin();
        var result = new Evaluator(options, new TokenText(tokenizer)).Evaluate(
            student, teacher, rows, at => job.Progress.Report("evaluate", at.Rows, rows.Count, "rows", at.Tokens), job.Stop);
        if (evaluation.Epoch + 1 < evaluation.Run.Epochs)
        {
            return result;
        }

        foreach (var file in job.Request.Tasks ?? [])
        {
            job.Catalog.RequireUnchanged(file);
        }

        var suite = new EvaluationSuite
        {
            Spec = job.Spec.Evaluation,
            Seed = job.Spec.Seed,
            ContextLength = job.Spec.Dataset.ContextLength,
            Tokenizer = tokenizer,
            Longest = job.Request.Teacher.MaxPositions,
            Options = options,
        };
        job.Progress.Begin();
        return suite.Extend(
            result with { Branches = Branches(job, rows, student, teacher, options) }, [.. rows.Select(row => row.Ids)], student, teacher,
            (what, done, total) => job.Progress.Report(what, done, total, "parts"), job.Stop);
    }

    private static BranchResult? Branches(
        JobContext job, IReadOnlyList<EvaluationRow> rows, ILanguageModel student, ILanguageModel teacher, EvaluationOptions options)
    {
        if (student is not LinearisedModel { Shape.ReplacedLayers: > 0 } linearised) // the controls have the teacher's attention in every layer
        {
            return null;
        }

        using var start = (LinearisedModel)job.CreateStudent();
        return new BranchEvaluator(options).Evaluate(
            linearised, start, teacher, rows, (done, total) => job.Progress.Report("memory and window", done, total, "parts"), job.Stop);
    }
}
