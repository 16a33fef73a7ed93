using System.Collections.Concurrent;
using System.Text.Json;
using Distil.Cli.Engine;
using Distil.Cli.Tests.Engine.Journal;
using Distil.Core;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Cli.Tests.Engine;

/// <summary>The real pipeline in the embedded engine, over journals in memory and activities that only record their calls.</summary>
internal sealed class ScriptedRun
{
    private bool _cancelRequested;

    public static RunArtifacts Artifacts { get; } = new(
        "run", new TeacherOutputs("outputs", new Dataset("dataset", Shards: 1)), Offline: true, [StudentVariant.Distilled], Epochs: 2);

    /// <value>Its journals; another set is another run.</value>
    public MemoryJournals Journals { get; set; } = new();

    /// <value>The jobs started, in order.</value>
    public ConcurrentQueue<string> Started { get; } = new();

    public ConcurrentQueue<RunStatus> Statuses { get; } = new();

    /// <value>The activities called except polls: name and hash of the input.</value>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <value>The failures with which the next jobs end.</value>
    public ConcurrentQueue<JobFailure> FaultyJobs { get; } = new();

    /// <value>Completed by a test to cancel the run.</value>
    public TaskCompletionSource<string> Cancelled { get; } = new();

    /// <value>A job that runs until the run is cancelled.</value>
    public string? Endless { get; set; }

    /// <summary>Runs it to its end, from the position in its journals.</summary>
    public Task<RunOutcome> RunAsync(CancellationTokenSource? stop = null, TimeProvider? time = null) =>
        new EmbeddedEngine(AnswerAsync, Journals.Open, Statuses.Enqueue, NullLogger.Instance, time ?? TimeProvider.System).RunAsync(
            new PipelineInput
            {
                Artifacts = Artifacts,
                Parallelism = 1,
                Retries = 1,
                Polling = new Polling { MinMilliseconds = 1, MaxMilliseconds = 5 },
            },
            Cancelled.Task, stop?.Token ?? CancellationToken.None);

    private Task<JsonElement> AnswerAsync(string activity, JsonElement input, CancellationToken cancel)
    {
        if (activity != PollJob.Id)
        {
            Calls.Enqueue($"{activity} {PipelineInstance.Hash(input)}");
        }

        object answer = activity switch
        {
            FindArtifact.Id or IsCancelRequested.Id => false,
            StartJob.Id => Start(input.Deserialize<StartInput>(DistilJson.Options)!),
            PollJob.Id => Poll(input.Deserialize<JobHandle>(DistilJson.Options)!),
            RequestCancel.Id => _cancelRequested = true,
            StopJob.Id => true,
            _ => new CloseOutput(),
        };
        return Task.FromResult(JsonSerializer.SerializeToElement(answer, DistilJson.Options));
    }

    private StartOutput Start(StartInput input)
    {
        Started.Enqueue(input.JobId);
        return new StartOutput(StartState.Started, new JobHandle("run", input.JobId, "handle"));
    }

    private JobAnswer Poll(JobHandle job) => job.JobId == Endless
        ? new JobAnswer(JobState.Running, CancelRequested: _cancelRequested)
        : new JobAnswer(JobState.Ended, new JobResult
        {
            Failure = FaultyJobs.TryDequeue(out var failure) ? failure : null,
            StartedAt = DateTimeOffset.UnixEpoch,
            EndedAt = DateTimeOffset.UnixEpoch,
        });
}
