using System.Collections.Concurrent;
using System.Globalization;
using Distil.Core.Jobs;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;
using Distil.Core.Specification;

namespace Distil.Core.Pipeline;

/// <summary>The stages of one run: starts their jobs and keeps its user informed.</summary>
internal sealed class Stages
{
    /// <summary>Times that missing shards are made again.</summary>
    private const int MaxRounds = 2;

    private readonly IPipelineContext _run;
    private readonly PipelineInput _plan;
    private readonly Lock _changes = new();
    private RunStatus _status;

    public Stages(IPipelineContext run, PipelineInput plan)
    {
        (_run, _plan) = (run, plan);
        _status = new RunStatus { RunId = plan.RunId, State = RunState.Running, StartedAt = run.Now, UpdatedAt = run.Now };
        run.SetStatus(_status);
    }

    public Task<bool> ExistsAsync(string blob) => _run.CallActivityAsync<string, bool>(FindBlob.Name, blob);

    /// <summary>Runs a job for each shard, at most <see cref="PipelineInput.Parallelism"/> at once.</summary>
    /// <remarks>The first failure keeps further ones from starting.</remarks>
    public async Task ForEachShardAsync(JobKind kind)
    {
        Begin(kind, done: 0, _plan.Shards, epoch: null);
        var waiting = new ConcurrentQueue<ShardRange>(ShardsPipeline.Cut(Order(kind, ""), _plan.Shards));
        await Task.WhenAll(Enumerable.Range(0, Math.Min(_plan.Parallelism, waiting.Count)).Select(_ => LaneAsync()));

        async Task LaneAsync()
        {
            while (waiting.TryDequeue(out var range))
            {
                try
                {
                    await RangeAsync(range);
                }
                catch
                {
                    waiting.Clear();
                    throw;
                }

                Set(now => now with { StageDone = now.StageDone + range.Count });
            }
        }
    }

    /// <summary>Writes the manifest over a stage's shards; shards that turn out to be missing or unreadable are made again first.</summary>
    public async Task CompleteAsync(string activity, JobKind kind)
    {
        var input = new CompleteInput(_plan.DatasetId, _plan.TeacherOutputsId, _plan.Shards);
        for (var round = 1; ; round++)
        {
            var output = await _run.CallActivityAsync<CompleteInput, CompleteOutput>(activity, input);
            var missing = output.Missing ?? [];
            if (output.Failure is { } failure)
            {
                throw new PipelineStepException(activity, failure);
            }

            if (missing.Count == 0)
            {
                return;
            }

            if (round > MaxRounds)
            {
                throw new PipelineStepException(activity, new JobFailure(FailureClass.Transient, $"shard {missing[0]} was made {round} times and is missing or unreadable each time"));
            }

            foreach (var shard in missing)
            {
                await JobAsync(Order(kind, Id($"{Word(kind)}-{shard:00000}-again-{round}")) with { Shard = shard });
            }
        }
    }

    public async Task EpochAsync(JobKind kind, StudentVariant student, int epoch)
    {
        var done = (_plan.Students.ToList().IndexOf(student) * _plan.Epochs) + epoch;
        Begin(kind, done, _plan.Students.Count * _plan.Epochs, epoch);
        var prefix = student == StudentVariant.Distilled ? Word(kind) : $"baseline-{Word(kind)}";
        await JobAsync(Order(kind, Id($"{prefix}-{epoch + 1:000}")) with { Epoch = epoch, Variant = student });
        Set(now => now with { StageDone = done + 1 });
    }

    public async Task<JobOutcome> ExportAsync()
    {
        Begin(JobKind.Export, done: 0, total: 1, epoch: null);
        return await JobAsync(Order(JobKind.Export, Word(JobKind.Export)));
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

    private JobSpec Order(JobKind kind, string jobId) => new() { RunId = _plan.RunId, JobId = jobId, Kind = kind, Retries = _plan.Retries, Polling = _plan.Polling };

    private Task<JobOutcome> JobAsync(JobSpec order) => DoAsync(order.JobId, () => _run.CallSubPipelineAsync<JobSpec, JobOutcome>(order.JobId, JobPipeline.Name, order));

    private Task<JobOutcome> RangeAsync(ShardRange range) => range.Count == 1
        ? JobAsync(range.Order)
        : DoAsync(range.Order.JobId, () => _run.CallSubPipelineAsync<ShardRange, JobOutcome>(range.Order.JobId, ShardsPipeline.Name, range), range.Count);

    private async Task<JobOutcome> DoAsync(string id, Func<Task<JobOutcome>> work, int jobs = 1)
    {
        Set(now => now with { Jobs = [.. now.Jobs, id] });
        var outcome = await work();
        Set(now => now with
        {
            Jobs = [.. now.Jobs.Where(job => job != id)],
            Retries = now.Retries + Math.Max(0, outcome.Tries - jobs),
            LastFailure = outcome.LastFailure ?? now.LastFailure,
        });
        return outcome.End switch
        {
            JobEnd.Succeeded => outcome,
            JobEnd.Cancelled => throw new RunCancelledException(),
            _ => throw new PipelineStepException(id, outcome.LastFailure!),
        };
    }

    private void Begin(JobKind kind, int done, int total, int? epoch) =>
        Set(now => now with { Stage = kind, StageDone = done, StageTotal = total, StageStartedAt = _run.Now, Epoch = epoch });

    private void Set(Func<RunStatus, RunStatus> change)
    {
        lock (_changes)
        {
            _status = change(_status) with { UpdatedAt = _run.Now };
            _run.SetStatus(_status);
        }
    }

    private static string Word(JobKind kind) => kind.ToString().ToLowerInvariant();

    private static string Id(FormattableString id) => id.ToString(CultureInfo.InvariantCulture);
}
