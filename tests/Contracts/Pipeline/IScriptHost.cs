using System.Collections.Concurrent;
using System.Text.Json;
using Distil.Core.Jobs;
using Distil.Core.Runs;

namespace Distil.Contracts.Pipeline;

/// <summary>A host that runs one run, called <c>run</c>, whose pipelines are a script's.</summary>
internal interface IScriptHost : IAsyncDisposable
{
    /// <value>Every status that was published, in order.</value>
    ConcurrentQueue<RunStatus> Statuses { get; }

    /// <summary>Begins the run.</summary>
    Task BeginAsync(JsonElement input);

    /// <summary>Waits for the run's end.</summary>
    /// <returns>The pipeline's output.</returns>
    Task<JsonElement> EndAsync();

    /// <summary>Waits until the run is refused.</summary>
    /// <returns>The failure that its user sees.</returns>
    Task<JobFailure> RefusalAsync();

    /// <summary>Sends the run a signal.</summary>
    Task SignalAsync<T>(string name, T value);

    /// <summary>Forgets everything that is not stored, and resumes the run.</summary>
    Task RestartAsync();
}
