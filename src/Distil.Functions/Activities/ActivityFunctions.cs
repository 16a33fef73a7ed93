using System.Text.Json;
using Distil.Core.Errors;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;
using Microsoft.Azure.Functions.Worker;

namespace Distil.Functions.Activities;

/// <summary>The activities, by the names of <see cref="ActivityCatalog"/>: one function each, so that the portal tells them apart.</summary>
/// <param name="catalog">The activities.</param>
/// <param name="writeStatus">The host's own.</param>
public sealed class ActivityFunctions(ActivityCatalog catalog, WriteStatus writeStatus)
{
    /// <summary>Whether a blob exists.</summary>
    [Function(FindBlob.Name)]
    public Task<JsonElement> FindBlobAsync([ActivityTrigger] JsonElement input, CancellationToken cancel) => CallAsync(FindBlob.Name, input, cancel);

    /// <summary>Writes a dataset's manifest.</summary>
    [Function(CompleteDataset.Name)]
    public Task<JsonElement> CompleteDatasetAsync([ActivityTrigger] JsonElement input, CancellationToken cancel) => CallAsync(CompleteDataset.Name, input, cancel);

    /// <summary>Writes the manifest of a teacher's outputs.</summary>
    [Function(CompleteTeacherOutputs.Name)]
    public Task<JsonElement> CompleteTeacherOutputsAsync([ActivityTrigger] JsonElement input, CancellationToken cancel) => CallAsync(CompleteTeacherOutputs.Name, input, cancel);

    /// <summary>Writes a job's request and starts it.</summary>
    [Function(StartJob.Name)]
    public Task<JsonElement> StartJobAsync([ActivityTrigger] JsonElement input, CancellationToken cancel) => CallAsync(StartJob.Name, input, cancel);

    /// <summary>Asks after a job.</summary>
    [Function(PollJob.Name)]
    public Task<JsonElement> PollJobAsync([ActivityTrigger] JsonElement input, CancellationToken cancel) => CallAsync(PollJob.Name, input, cancel);

    /// <summary>Stops a job.</summary>
    [Function(StopJob.Name)]
    public Task<JsonElement> StopJobAsync([ActivityTrigger] JsonElement input, CancellationToken cancel) => CallAsync(StopJob.Name, input, cancel);

    /// <summary>Writes down that a run is to be cancelled.</summary>
    [Function(RequestCancel.Name)]
    public Task<JsonElement> RequestCancelAsync([ActivityTrigger] JsonElement input, CancellationToken cancel) => CallAsync(RequestCancel.Name, input, cancel);

    /// <summary>Writes a run's status.</summary>
    [Function(WriteStatus.Name)]
    public Task<JsonElement> WriteStatusAsync([ActivityTrigger] JsonElement input, CancellationToken cancel) =>
        StepAnswer.OfAsync(() => writeStatus.CallAsync(input, cancel), _ => null);

    /// <summary>Calls one of the catalogue's.</summary>
    internal Task<JsonElement> CallAsync(string name, JsonElement input, CancellationToken cancel) => StepAnswer.OfAsync(
        () => catalog.CallAsync(name, input, cancel),
        failed => failed is InvalidInputException ? new JobFailure(FailureClass.InvalidInput, failed.Message) : null);
}
