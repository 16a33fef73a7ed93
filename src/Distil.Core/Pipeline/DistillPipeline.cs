using Distil.Core.Artifacts.Kinds;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;

namespace Distil.Core.Pipeline;

/// <summary>A whole run: prepare, teach, train and evaluate each epoch, export.</summary>
public static class DistillPipeline
{
    /// <summary>The signal that cancels a run.</summary>
    public const string CancelSignal = "cancel";

    /// <summary>Executes the run. Failures and cancellation are outcomes, not exceptions.</summary>
    public static async Task<RunOutcome> RunAsync(IPipelineContext run, PipelineInput plan)
    {
        var status = new StatusBoard(run, plan);
        var cancel = run.WaitForSignalAsync<string>(CancelSignal);
        var work = MakeAllAsync(new ArtifactMaker(run, plan, status), plan);
        if (await Task.WhenAny(work, cancel) == cancel)
        {
            await CancelJobsAsync(run, plan, status);
        }

        return status.End(await work);
    }

    // Jobs have pipelines of their own, which the signal does not reach; they find this request when they next poll.
    private static async Task CancelJobsAsync(IPipelineContext run, PipelineInput plan, StatusBoard status)
    {
        try
        {
            await run.CallActivityAsync(RequestCancel.Name, plan.RunId);
        }
        catch (PipelineStepException failed)
        {
            status.Note(failed.Failure); // the run continues, and its status says why it could not be cancelled
        }
    }

    private static async Task<RunOutcome> MakeAllAsync(ArtifactMaker run, PipelineInput plan)
    {
        try
        {
            await DistilAsync(run, plan.Artifacts);
            return new RunOutcome(RunState.Succeeded);
        }
        catch (PipelineStepException failed)
        {
            return new RunOutcome(RunState.Failed, failed.Failure);
        }
        catch (RunCancelledException)
        {
            return new RunOutcome(RunState.Cancelled);
        }
    }

    private static async Task DistilAsync(ArtifactMaker run, RunArtifacts plan)
    {
        await run.MakeAsync(plan.Dataset);
        if (plan.Offline)
        {
            await run.MakeAsync(plan.TeacherOutputs);
        }

        foreach (var student in plan.Students)
        {
            for (var epoch = 0; epoch < plan.Epochs; epoch++)
            {
                await run.MakeAsync(plan.Weights(student, epoch));
                await run.MakeAsync(plan.Evaluation(student, epoch));
            }
        }

        await run.MakeAsync(plan.Report());
    }
}
