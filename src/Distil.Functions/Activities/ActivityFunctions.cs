using System.Text.Json;
using Distil.Core.Errors;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;
using Microsoft.Azure.Functions.Worker;

namespace Distil.Functions.Activities;

/// <summary>The activities, by the names of <see cref="ActivityCatalog"/>: one function for each, so that the portal distinguishes them.</summary>
/// <param name="catalog">The activities.</param>
/// <param name="writeStatus">The host's own activity.</param>
public sealed class ActivityFunctions(ActivityCatalog catalog, WriteStatus writeStatus)
{
    /// <summary>Checks whether a shared artifact exists.</summary>
    [Function(FindArtifact.Id)]
    public Task<JsonElement> FindArtifactAsync([ActivityTrigger] JsonElement input, CancellationToken cancel) => CallAsync(FindArtifact.Id, input, cancel);

    /// <summary>Writes the manifest of a shared artifact.</summary>
    [Function(CloseArtifact.Id)]
    public Task<JsonElement> CloseArtifactAsync([ActivityTrigger] JsonElement input, CancellationToken cancel) => CallAsync(CloseArtifact.Id, input, cancel);

    /// <summary>Writes a job's request and starts it.</summary>
    [Function(StartJob.Id)]
    public Task<JsonElement> StartJobAsync([ActivityTrigger] JsonElement input, CancellationToken cancel) => CallAsync(StartJob.Id, input, cancel);

    /// <summary>Polls a job.</summary>
    [Function(PollJob.Id)]
    public Task<JsonElement> PollJobAsync([ActivityTrigger] JsonElement input, CancellationToken cancel) => CallAsync(PollJob.Id, input, cancel);

    /// <summary>Stops a job.</summary>
    [Function(StopJob.Id)]
    public Task<JsonElement> StopJobAsync([ActivityTrigger] JsonElement input, CancellationToken cancel) => CallAsync(StopJob.Id, input, cancel);

    /// <summary>Stores the request to cancel a run.</summary>
    [Function(RequestCancel.Id)]
    public Task<JsonElement> RequestCancelAsync([ActivityTrigger] JsonElement input, CancellationToken cancel) => CallAsync(RequestCancel.Id, input, cancel);

    /// <summary>Checks whether a run is to be cancelled.</summary>
    [Function(IsCancelRequested.Id)]
    public Task<JsonElement> IsCancelRequestedAsync([ActivityTrigger] JsonElement input, CancellationToken cancel) =>
        CallAsync(IsCancelRequested.Id, input, cancel);

    /// <summary>Writes a run's status.</summary>
    [Function(WriteStatus.Id)]
    public Task<JsonElement> WriteStatusAsync([ActivityTrigger] JsonElement input, CancellationToken cancel) =>
        StepAnswer.OfAsync(() => writeStatus.CallAsync(input, cancel), _ => null);

    /// <summary>Calls an activity of the catalogue.</summary>
    internal Task<JsonElement> CallAsync(string name, JsonElement input, CancellationToken cancel) => StepAnswer.OfAsync(
        () => catalog.CallAsync(name, input, cancel),
        failed => failed is InvalidInputException ? new JobFailure(FailureClass.InvalidInput, failed.Message) : null);
}
