using Distil.Core.Documents.Evaluations;

namespace Distil.Trainer.Jobs;

/// <summary>Measures perplexity, KL and agreement of one epoch's weights on the held-out rows; after the last epoch also tasks and recall.</summary>
internal sealed class EvaluateJob(Core.Artifacts.Kinds.Evaluation evaluation) : IJob
{
    /// <inheritdoc />
    public async Task<object> RunAsync(JobContext job)
    {
        var files = new EvaluationFiles(
            await job.FetchEvalRowsAsync(evaluation.Run.Dataset, job.Spec.Evaluation.MaxRows), await job.FetchStudentAsync(evaluation.Weights));
        var result = await job.OnEveryGpuAsync(
            RankWork.Of(job) with { Evaluation = files }, (context, _) => Task.FromResult(Evaluate(context, files)));
        await job.Store.WriteJsonAsync(evaluation.Closing, result, job.Stop);
        return result;
    }

    private EvaluationResult Evaluate(JobContext job, EvaluationFiles files) => new StudentEvaluation(evaluation, job)
    {
        Started = models =>
        {
            job.Progress.Uses([.. models.SelectMany(model => model.Operations)]);
            job.Progress.Begin();
        },
        Rated = (at, rows) => job.Progress.Report("evaluate", at.Rows, rows, "rows", at.Tokens),
        SuiteStarts = () =>
        {
            foreach (var file in job.Request.Defined!.Tasks ?? [])
            {
                job.Catalog.RequireUnchanged(file);
            }

            job.Progress.Begin();
        },
        Measured = (what, done, total) => job.Progress.Report(what, done, total, "parts"),
    }.Run(files);
}
