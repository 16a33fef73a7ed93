using System.Text.Json;
using Distil.Cli.Engine.Journal;
using Distil.Core;
using Distil.Core.Errors;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Microsoft.Extensions.Logging;

namespace Distil.Cli.Engine;

/// <summary>Runs one run's pipelines in this process; another process can resume them.</summary>
/// <param name="activities">Calls activities, for instance an <see cref="ActivityCatalog"/>'s <see cref="ActivityCatalog.CallAsync"/>.</param>
/// <param name="openLog">Opens the log of a run's pipeline, by its path.</param>
/// <param name="publish">Receives each status that a pipeline sets; must not block.</param>
/// <param name="log">Receives what a user should know and no status contains.</param>
/// <param name="time">The clock.</param>
/// <param name="pipelines">Runs a pipeline by its name; null for <see cref="PipelineCatalog.RunAsync"/>.</param>
internal sealed class EmbeddedEngine(
    Func<string, JsonElement, CancellationToken, Task<JsonElement>> activities,
    Func<string, string, IJournalLog> openLog,
    Action<RunStatus> publish,
    ILogger log,
    TimeProvider time,
    Func<string, IPipelineContext, JsonElement, Task<JsonElement>>? pipelines = null)
{
    /// <summary>Path of the whole run's pipeline.</summary>
    internal const string Root = "run";

    internal TimeProvider Time => time;

    /// <summary>Executes a whole run, from the position in its journal.</summary>
    /// <param name="input">The run; its documents are already stored.</param>
    /// <param name="cancelled">Completes when the run is to be cancelled: its jobs are stopped, and the outcome says so.</param>
    /// <param name="stop">Interrupts the run; it can be resumed later.</param>
    /// <exception cref="NonDeterminismException">The pipeline differs from its journal.</exception>
    /// <exception cref="OperationCanceledException">Stopped.</exception>
    internal async Task<RunOutcome> RunAsync(PipelineInput input, Task<string> cancelled, CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var root = new PipelineInstance(this, input.RunId, Root, ended.Token);
        _ = cancelled.ContinueWith(
            asked => root.Raise(DistillPipeline.CancelSignal, asked.Result), ended.Token, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
        try
        {
            var outcome = await root.RunAsync(PipelineCatalog.Distill, JsonSerializer.SerializeToElement(input, DistilJson.Options));
            return outcome.Deserialize<RunOutcome>(DistilJson.Options)!;
        }
        finally
        {
            await ended.CancelAsync(); // ends what a failed pipeline still waits for
        }
    }

    /// <summary>Calls an activity until it answers or fails permanently.</summary>
    /// <exception cref="PipelineStepException">It failed permanently.</exception>
    internal async Task<JsonElement> CallActivityAsync(string name, RetryPolicy policy, JsonElement input, CancellationToken cancel)
    {
        for (var call = 1; ; call++)
        {
            try
            {
                return await activities(name, input, cancel);
            }
            catch (InvalidInputException wrong)
            {
                throw new PipelineStepException(name, new JobFailure(FailureClass.InvalidInput, wrong.Message));
            }
            catch (Exception failed) when (!cancel.IsCancellationRequested && call == policy.Attempts)
            {
                throw new PipelineStepException(name, new JobFailure(FailureClass.Transient, $"{name}: {failed.Message}", failed.ToString()));
            }
            catch (Exception) when (!cancel.IsCancellationRequested)
            {
                await Task.Delay(policy.Delays.DelayAfter(call), time, cancel);
            }
        }
    }

    internal Task<PipelineJournal> OpenJournalAsync(string runId, string path, CancellationToken cancel) =>
        PipelineJournal.OpenAsync(openLog(runId, path), log, time, cancel);

    /// <summary>Runs a pipeline's code.</summary>
    internal Task<JsonElement> RunCodeAsync(string pipeline, IPipelineContext context, JsonElement input) =>
        (pipelines ?? PipelineCatalog.RunAsync)(pipeline, context, input);

    /// <summary>Path of a sub-pipeline.</summary>
    internal static string PathOf(string parent, string name) => parent == Root ? name : $"{parent}/{name}";

    internal void Publish(RunStatus status) => publish(status);
}
