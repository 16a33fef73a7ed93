using System.Collections.Concurrent;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Pipeline.Activities;

namespace Distil.Core.Pipeline;

/// <summary>Makes a run's artifacts: starts the jobs of their parts, closes the shared ones, and rebuilds inputs that a job finds missing or damaged.</summary>
/// <remarks>Rebuilding happens here and not in the jobs' own pipelines, so that the run's status reports it.</remarks>
internal sealed class ArtifactMaker(IPipelineContext run, PipelineInput plan, StatusBoard status)
{
    /// <summary>Maximum number of times that one part, or one closing document, is rebuilt in a run.</summary>
    internal const int MaxRebuilds = 2;

    private readonly ConcurrentDictionary<string, int> _rebuilds = new(); // by closing document
    private readonly ConcurrentDictionary<string, int> _repeats = new(); // by the id of a part's first job

    /// <summary>Makes an artifact; a shared one only if it does not exist.</summary>
    /// <exception cref="PipelineStepException">It cannot be made.</exception>
    /// <exception cref="RunCancelledException">The run is cancelled.</exception>
    public async Task MakeAsync(Artifact artifact)
    {
        if (artifact is SharedArtifact && await run.CallActivityAsync(FindArtifact.Name, artifact))
        {
            return;
        }

        status.Begin(artifact);
        await ForEachAsync(ShardRange.Cut(SpecOf(artifact)), MakeRangeAsync);
        if (artifact is SharedArtifact shared)
        {
            await CloseAsync(shared);
        }
    }

    // A range stops at the first job whose input is missing; the others follow when that job has succeeded.
    private async Task MakeRangeAsync(ShardRange range)
    {
        var outcome = await DoAsync(range);
        status.Advance(outcome.Missing is null ? range.Count : outcome.Part - range.First);
        if (outcome.Missing is null)
        {
            return;
        }

        await RebuildAsync(outcome);
        await RepeatAsync(range.Spec with { Part = outcome.Part });
        status.Advance(1);
        if (range.After(outcome.Part) is { } rest)
        {
            await MakeRangeAsync(rest);
        }
    }

    // Starts a part's job again with a new id, because a job's result is final.
    private async Task RepeatAsync(JobSpec spec)
    {
        var first = spec.Makes.PartAt(spec.Part).JobId;
        var number = _repeats.AddOrUpdate(first, 1, (_, last) => last + 1);
        var outcome = await DoAsync(new ShardRange(spec with { JobId = JobId.Repeat(first, number) }, Count: 1));
        if (outcome.Missing is not null)
        {
            await RebuildAsync(outcome);
            await RepeatAsync(spec);
        }
    }

    private async Task RebuildAsync(JobOutcome outcome)
    {
        var reason = outcome.LastFailure!.Message;
        foreach (var inputs in outcome.Missing!.GroupBy(input => input.Artifact.Closing))
        {
            var artifact = inputs.First().Artifact;
            await ForEachAsync([.. inputs.Select(input => input.Part).OfType<int>()], part => RebuildPartAsync(artifact, part, reason));
            if (artifact is SharedArtifact shared)
            {
                Count(shared.Closing, inputs.Any(input => input.Part is null), reason);
                await CloseAsync(shared);
            }
        }
    }

    private async Task RebuildPartAsync(Artifact artifact, int part, string reason)
    {
        var closing = artifact.PartAt(part).Closing;
        Count(closing, isRebuilt: true, reason);
        using var shown = status.Rebuild(artifact, closing, reason);
        await RepeatAsync(SpecOf(artifact) with { Part = part, Rebuild = true });
    }

    /// <summary>Writes the manifest of an artifact over its shards' documents; shards without a readable document are rebuilt first.</summary>
    private async Task CloseAsync(SharedArtifact artifact)
    {
        while (true)
        {
            var output = await run.CallActivityAsync(CloseArtifact.Name, artifact);
            if (output.Fault is { } fault)
            {
                throw new PipelineStepException(CloseArtifact.Name.Id, new JobFailure(FailureClass.InvalidInput, fault));
            }

            if (output.Missing is not { Count: > 0 } missing)
            {
                return;
            }

            await ForEachAsync(missing, shard => RebuildPartAsync(artifact, shard, "its document is missing or unreadable"));
        }
    }

    private void Count(string closing, bool isRebuilt, string reason)
    {
        if (isRebuilt && _rebuilds.AddOrUpdate(closing, 1, (_, last) => last + 1) > MaxRebuilds)
        {
            throw new PipelineStepException(closing, new JobFailure(
                FailureClass.Transient, $"{closing}: was rebuilt {MaxRebuilds} times and is missing or damaged each time ({reason})"));
        }
    }

    private Task<JobOutcome> DoAsync(ShardRange range) => status.DuringAsync(range, () => ShardsPipeline.CallAsync(run, range));

    private JobSpec SpecOf(Artifact artifact) =>
        new() { RunId = plan.RunId, JobId = artifact.PartAt(0).JobId, Makes = artifact, Retries = plan.Retries, Polling = plan.Polling };

    /// <summary>Runs an action for each item, at most <see cref="PipelineInput.Parallelism"/> at once. After the first failure no further ones start.</summary>
    private async Task ForEachAsync<T>(IReadOnlyList<T> items, Func<T, Task> action)
    {
        var waiting = new ConcurrentQueue<T>(items);
        await Task.WhenAll(Enumerable.Range(0, Math.Min(plan.Parallelism, items.Count)).Select(_ => LaneAsync()));

        async Task LaneAsync()
        {
            while (waiting.TryDequeue(out var item))
            {
                try
                {
                    await action(item);
                }
                catch
                {
                    waiting.Clear();
                    throw;
                }
            }
        }
    }
}
