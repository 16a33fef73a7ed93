using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;
using Distil.Core.Specification;

namespace Distil.Core.Pipeline;

/// <summary>A whole run: prepare, teach, train and evaluate each epoch, export.</summary>
public static class DistillPipeline
{
    /// <summary>The signal that cancels a run.</summary>
    public const string CancelSignal = "cancel";

    /// <summary>Does the run. Failures and cancellation are outcomes, not exceptions.</summary>
    public static async Task<RunOutcome> RunAsync(IPipelineContext run, PipelineInput plan)
    {
        var stages = new Stages(run, plan);
        var cancel = run.WaitForSignalAsync<string>(CancelSignal);
        var work = RunStagesAsync(stages, plan);
        if (await Task.WhenAny(work, cancel) == cancel)
        {
            await CancelJobsAsync(run, plan, stages);
        }

        return stages.End(await work);
    }

    // Jobs have pipelines of their own, where the signal does not reach; they find what this writes at their next question.
    private static async Task CancelJobsAsync(IPipelineContext run, PipelineInput plan, Stages stages)
    {
        try
        {
            await run.CallActivityAsync<string, bool>(RequestCancel.Name, plan.RunId);
        }
        catch (PipelineStepException failed)
        {
            stages.Note(failed.Failure); // the run goes on, and says why it could not be cancelled
        }
    }

    private static async Task<RunOutcome> RunStagesAsync(Stages stages, PipelineInput plan)
    {
        try
        {
            return await DistilAsync(stages, plan);
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

    private static async Task<RunOutcome> DistilAsync(Stages run, PipelineInput plan)
    {
        if (!await run.ExistsAsync(ArtifactLayout.DatasetManifest(plan.DatasetId)))
        {
            await run.ForEachShardAsync(JobKind.Prepare);
            await run.CompleteAsync(CompleteDataset.Name, JobKind.Prepare);
        }

        if (plan.Offline && !await run.ExistsAsync(ArtifactLayout.TeacherOutputsManifest(plan.TeacherOutputsId)))
        {
            await run.ForEachShardAsync(JobKind.Teach);
            await run.CompleteAsync(CompleteTeacherOutputs.Name, JobKind.Teach);
        }

        foreach (var student in plan.Students)
        {
            for (var epoch = 0; epoch < plan.Epochs; epoch++)
            {
                await run.EpochAsync(JobKind.Train, student, epoch);
                await run.EpochAsync(JobKind.Evaluate, student, epoch);
            }
        }

        return new RunOutcome(RunState.Succeeded, Output: (await run.ExportAsync()).Output);
    }
}
