using Distil.Core.Documents.Evaluations;
using Distil.Core.Tokenization;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Linearised;

namespace Distil.Trainer.Jobs;

/// <summary>The computation of an evaluate job: each of its processes takes a part of the batches, and all get the same result.</summary>
/// <param name="evaluation">What is evaluated.</param>
/// <param name="job">What it works with.</param>
internal sealed class StudentEvaluation(Core.Artifacts.Kinds.Evaluation evaluation, ComputeContext job)
{
    /// <value>Called with student and teacher before the first row.</value>
    internal Action<IReadOnlyList<ILanguageModel>> Started { get; init; } = _ => { };

    /// <value>Called after each batch of rows, with the number of all rows.</value>
    internal Action<EvaluationProgress, int> Rated { get; init; } = (_, _) => { };

    /// <value>Called before the measurements that only the last epoch has.</value>
    internal Action SuiteStarts { get; init; } = () => { };

    /// <value>Receives the name of one of these, how much of it is done, and how much there is.</value>
    internal Action<string, int, int> Measured { get; init; } = (_, _, _) => { };

    /// <summary>Evaluates.</summary>
    internal EvaluationResult Run(EvaluationFiles files)
    {
        var rows = HeldOutRows.Read(files.Rows, job.Spec.Evaluation.MaxRows);
        using var student = job.LoadStudent(evaluation.Weights, files.Checkpoint);
        job.UsePrecision(student);
        var tokenizer = HuggingFaceTokenizer.Load(job.TeacherFolder);
        var teacher = job.LoadTeacher();
        var options = new EvaluationOptions { BatchRows = job.Spec.Training.BatchSize, Ranks = job.Ranks };
        Started([student, teacher]);
        var result = new Evaluator(options, new TokenText(tokenizer)).Evaluate(student, teacher, rows, at => Rated(at, rows.Count), job.Stop);
        if (evaluation.Epoch + 1 < evaluation.Run.Epochs)
        {
            return result;
        }

        SuiteStarts();
        var suite = new EvaluationSuite
        {
            Spec = job.Spec.Evaluation,
            Seed = job.Spec.Seed,
            ContextLength = job.Spec.Dataset.ContextLength,
            Tokenizer = tokenizer,
            Longest = job.Request.Teacher.MaxPositions,
            Options = options,
        };
        return suite.Extend(result with { Branches = Branches(rows, student, teacher, options) }, [.. rows.Select(row => row.Ids)], student, teacher, Measured, job.Stop);
    }

    private BranchResult? Branches(IReadOnlyList<EvaluationRow> rows, ILanguageModel student, ILanguageModel teacher, EvaluationOptions options)
    {
        if (student is not LinearisedModel { Shape.ReplacedLayers: > 0 } linearised) // the controls have the teacher's attention in every layer
        {
            return null;
        }

        using var start = (LinearisedModel)job.CreateStudent();
        return new BranchEvaluator(options).Evaluate(
            linearised, start, teacher, rows, (done, total) => Measured("memory and window", done, total), job.Stop);
    }
}
