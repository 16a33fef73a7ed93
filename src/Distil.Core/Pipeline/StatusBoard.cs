using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Runs;

namespace Distil.Core.Pipeline;

/// <summary>Publishes a run's status: the stage, the running jobs, and the parts that are being rebuilt.</summary>
internal sealed class StatusBoard
{
    private readonly IPipelineContext _run;
    private readonly Lock _changes = new();
    private readonly List<(Artifact Artifact, DateTimeOffset Since, Rebuilding What)> _rebuilds = []; // the innermost last
    private RunStatus _status;

    /// <summary>Publishes that the run has started.</summary>
    public StatusBoard(IPipelineContext run, PipelineInput plan)
    {
        _run = run;
        _status = new RunStatus { RunId = plan.RunId, State = RunState.Running, Earlier = plan.Earlier, StartedAt = run.Now, UpdatedAt = run.Now };
        run.SetStatus(_status);
    }

    /// <summary>Starts the stage that makes an artifact.</summary>
    public void Begin(Artifact artifact) => Set(now => now with
    {
        Stage = artifact.Maker,
        StageDone = artifact.Stage.Before,
        StageTotal = artifact.Stage.Total,
        StageStartedAt = _run.Now,
        Epoch = artifact.StageEpoch,
    });

    /// <summary>Counts parts of the stage as done.</summary>
    public void Advance(int parts) => Set(now => now with { StageDone = now.StageDone + parts });

    /// <summary>Reports a failure that does not end the run.</summary>
    public void Note(JobFailure failure) => Set(now => now with { LastFailure = failure });

    /// <summary>Shows the rebuilding of a part instead of the stage, until disposed.</summary>
    /// <param name="artifact">The artifact.</param>
    /// <param name="closing">The part, by its closing document.</param>
    /// <param name="reason">Why it is rebuilt.</param>
    public IDisposable Rebuild(Artifact artifact, string closing, string reason)
    {
        var rebuild = (artifact, _run.Now, new Rebuilding(closing, reason));
        Set(now => now, () => _rebuilds.Add(rebuild));
        return new Shown(() => Set(now => now, () => _rebuilds.Remove(rebuild)));
    }

    /// <summary>Shows a range's jobs while they run.</summary>
    /// <returns>An outcome that succeeded, or that names missing inputs.</returns>
    /// <exception cref="PipelineStepException">It failed otherwise.</exception>
    /// <exception cref="RunCancelledException">It was cancelled.</exception>
    public async Task<JobOutcome> DuringAsync(ShardRange range, Func<Task<JobOutcome>> work)
    {
        var id = range.Spec.JobId;
        Set(now => now with { Jobs = [.. now.Jobs, id] });
        var outcome = await work();
        Set(now => now with
        {
            Jobs = [.. now.Jobs.Where(job => job != id)],
            Retries = now.Retries + Math.Max(0, outcome.Tries - range.Count),
            LastFailure = outcome.LastFailure ?? now.LastFailure,
            Notes = outcome.Notes ?? now.Notes,
            Perplexity = outcome.Perplexity ?? now.Perplexity,
        });
        return outcome switch
        {
            { End: JobEnd.Cancelled } => throw new RunCancelledException(),
            { End: JobEnd.Failed, Missing: null } => throw new PipelineStepException(id, outcome.LastFailure!),
            _ => outcome,
        };
    }

    /// <summary>Publishes the end.</summary>
    public RunOutcome End(RunOutcome outcome)
    {
        Set(now => now with
        {
            State = outcome.State,
            LastFailure = outcome.Failure ?? now.LastFailure,
            Jobs = [],
        });
        return outcome;
    }

    private void Set(Func<RunStatus, RunStatus> change, Action? changeRebuilds = null)
    {
        lock (_changes)
        {
            changeRebuilds?.Invoke();
            _status = change(_status) with { UpdatedAt = _run.Now };
            _run.SetStatus(_rebuilds is [.., var innermost] ? WhileRebuilding(innermost.Artifact, innermost.Since) : _status);
        }
    }

    private RunStatus WhileRebuilding(Artifact artifact, DateTimeOffset since) => _status with
    {
        Stage = artifact.Maker,
        StageDone = 0,
        StageTotal = 1,
        StageStartedAt = since,
        Epoch = artifact.StageEpoch,
        Rebuilding = [.. _rebuilds.Select(rebuild => rebuild.What)],
    };

    private sealed class Shown(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
