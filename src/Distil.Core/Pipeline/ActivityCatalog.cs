using System.Text.Json;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Pipeline.Activities;

namespace Distil.Core.Pipeline;

/// <summary>Every activity by its name, for a host to call with JSON in and JSON out.</summary>
public sealed class ActivityCatalog
{
    private readonly Dictionary<string, Func<JsonElement, CancellationToken, Task<JsonElement>>> _activities = [];

    /// <summary>Creates the activities.</summary>
    /// <param name="store">The storage.</param>
    /// <param name="runner">Starts jobs.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public ActivityCatalog(ArtifactStore store, IJobRunner runner, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        Add(FindArtifact.Name, new FindArtifact(store, time));
        Add(CloseArtifact.Name, new CloseArtifact(store, time));
        Add(StartJob.Name, new StartJob(store, runner, time));
        Add(PollJob.Name, new PollJob(store, runner));
        Add(StopJob.Name, new StopJob(runner));
        Add(RequestCancel.Name, new RequestCancel(store));
        Add(IsCancelRequested.Name, new IsCancelRequested(store));
    }

    /// <summary>Creates a catalogue of other activities, for tests of a host.</summary>
    internal ActivityCatalog()
    {
    }

    /// <value>The activities' names.</value>
    public IReadOnlyCollection<string> Names => _activities.Keys;

    /// <summary>Calls an activity once; retries are the host's task.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="input">The activity's input, by <see cref="DistilJson.Options"/>.</param>
    /// <param name="cancel">Cancels the call.</param>
    public Task<JsonElement> CallAsync(string name, JsonElement input, CancellationToken cancel) => _activities[name](input, cancel);

    /// <summary>Adds an activity under its name.</summary>
    internal void Add<TInput, TOutput>(ActivityName<TInput, TOutput> name, IActivity<TInput, TOutput> activity) =>
        _activities.Add(name.Id, async (input, cancel) =>
            JsonSerializer.SerializeToElement(await activity.RunAsync(input.Deserialize<TInput>(DistilJson.Options)!, cancel), DistilJson.Options));
}
