using System.Collections.Concurrent;
using System.Globalization;
using Distil.Core.Jobs;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;

namespace Distil.Core.Pipeline;

/// <summary>The stages of one run: starts their jobs and keeps its user informed.</summary>
internal sealed class Stages
{
    private readonly IPipelineContext run;
    private readonly PipelineInput plan;
    private readonly Lock changes = new();
    private RunStatus status;

    public Stages(IPipelineContext run, PipelineInput plan)
    {
        (this.run, this.plan) = (run, plan);
        status = new RunStatus { RunId = plan.RunId, State = RunState.Running, StartedAt = run.Now, UpdatedAt = run.Now };
        run.SetStatus(status);
    }

    public Task<bool> ExistsAsync(string blob) => run.CallActivityAsync<string, bool>(FindBlob.Name, blob);

    /// <summary>Runs a job for each shard, at most <see cref="PipelineInput.Parallelism"/> at once.</summary>
    /// <remarks>The first failure keeps further ones from starting.</remarks>
    public async Task ForEachShardAsync(JobKind kind)
    {
        Set(now => now with { Stage = kind, StageDone = 0, StageTotal = plan.Shards, Epoch = null });
        var waiting = new ConcurrentQueue<int>(Enumerable.Range(0, plan.Shards));
        await Task.WhenAll(Enumerable.Range(0, Math.Min(plan.Parallelism, plan.Shards)).Select(_ => LaneAsync()));

        async Task LaneAsync()
        {
            while (waiting.TryDequeue(out var shard))
            {
                try
                {
                    await JobAsync(new JobOrder { RunId = plan.RunId, JobId = Id($"{Word(kind)}-{shard:00000}"), Kind = kind, Shard = shard });
                }
                catch
                {
                    waiting.Clear();
                    throw;
                }

                Set(now => now with { StageDone = now.StageDone + 1 });
            }
        }
    }

    /// <summary>Writes the manifest over a stage's shards.</summary>
    public async Task CompleteAsync(string activity)
    {
        var input = new CompleteInput(plan.DatasetId, plan.TeacherOutputsId, plan.Shards);
        if (await run.CallActivityAsync<CompleteInput, CompleteOutput>(activity, input) is { Failure: { } failure })
        {
            throw new PipelineStepException(activity, failure);
        }
    }

    public async Task EpochAsync(JobKind kind, StudentVariant student, int epoch)
    {
        var done = (plan.Students.ToList().IndexOf(student) * plan.Epochs) + epoch;
        Set(now => now with { Stage = kind, StageDone = done, StageTotal = plan.Students.Count * plan.Epochs, Epoch = epoch });
        var prefix = student == StudentVariant.Distilled ? Word(kind) : $"baseline-{Word(kind)}";
        await JobAsync(new JobOrder { RunId = plan.RunId, JobId = Id($"{prefix}-{epoch + 1:000}"), Kind = kind, Epoch = epoch, Variant = student });
        Set(now => now with { StageDone = done + 1 });
    }

    public async Task<JobOutcome> ExportAsync()
    {
        Set(now => now with { Stage = JobKind.Export, StageDone = 0, StageTotal = 1, Epoch = null });
        return await JobAsync(new JobOrder { RunId = plan.RunId, JobId = Word(JobKind.Export), Kind = JobKind.Export });
    }

    /// <summary>Publishes a failure that does not end the run.</summary>
    public void Note(JobFailure failure) => Set(now => now with { LastFailure = failure });

    /// <summary>Publishes the end.</summary>
    public RunOutcome End(RunOutcome outcome)
    {
        Set(now => now with
        {
            State = outcome.State,
            LastFailure = outcome.Failure ?? now.LastFailure,
            StageDone = outcome.State == RunState.Succeeded ? now.StageTotal : now.StageDone,
            Jobs = [],
        });
        return outcome;
    }

    private async Task<JobOutcome> JobAsync(JobOrder order)
    {
        Set(now => now with { Jobs = [.. now.Jobs, order.JobId] });
        order = order with { Retries = plan.Retries, Polling = plan.Polling };
        var outcome = await run.CallSubPipelineAsync<JobOrder, JobOutcome>(order.JobId, JobPipeline.Name, order);
        Set(now => now with
        {
            Jobs = [.. now.Jobs.Where(job => job != order.JobId)],
            Retries = now.Retries + outcome.Tries - 1,
            LastFailure = outcome.LastFailure ?? now.LastFailure,
        });
        return outcome.End switch
        {
            JobEnd.Succeeded => outcome,
            JobEnd.Cancelled => throw new RunCancelledException(),
            _ => throw new PipelineStepException(order.JobId, outcome.LastFailure!),
        };
    }

    private void Set(Func<RunStatus, RunStatus> change)
    {
        lock (changes)
        {
            status = change(status) with { UpdatedAt = run.Now };
            run.SetStatus(status);
        }
    }

    private static string Word(JobKind kind) => kind.ToString().ToLowerInvariant();

    private static string Id(FormattableString id) => id.ToString(CultureInfo.InvariantCulture);
}
