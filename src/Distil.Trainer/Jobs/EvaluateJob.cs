using Distil.Core.Artifacts;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Tokenization;

namespace Distil.Trainer.Jobs;

/// <summary>Perplexity, KL and agreement of one epoch's weights on the held-out rows.</summary>
internal sealed class EvaluateJob : IJob
{
    /// <inheritdoc />
    public async Task<object> RunAsync(JobContext job)
    {
        var rows = await job.ReadEvalRowsAsync(await job.ReadDatasetAsync(), job.Spec.Evaluation.MaxRows);
        using var student = await job.RestoreStudentAsync(job.Request.Variant, job.Epoch);
        job.Progress.Begin();
        var text = new TokenText(HuggingFaceTokenizer.Load(job.TeacherFolder));
        var result = new Evaluator(new EvaluationOptions { BatchRows = job.Spec.Training.BatchSize }, text).Evaluate(
            student, job.LoadTeacher(), rows,
            at => job.Progress.Report("evaluate", at.Rows, rows.Count, "rows", at.Tokens), job.Stop);
        await job.Store.WriteJsonAsync(ArtifactLayout.EpochReport(job.Request.RunId, job.Request.Variant, job.Epoch), result, job.Stop);
        return result;
    }
}
