using System.Text.Json;
using Distil.Core;
using Distil.Core.Pipeline;
using Distil.Core.Runs;

namespace Distil.Functions.Activities;

/// <summary>Writes a run's status to storage, where the API and <c>distil status</c> read it.</summary>
public sealed class WriteStatus(RunFolder runs)
{
    /// <summary>Its name as a function.</summary>
    public const string Id = "write-status";

    /// <summary>Its name in the catalogue.</summary>
    public static ActivityName<RunStatus, bool> Name { get; } = new(Id, RetryPolicy.Storage);

    /// <summary>Writes the status unless a newer one exists: a call that Durable repeats late must not set a run back.</summary>
    public async Task<JsonElement> CallAsync(JsonElement input, CancellationToken cancel)
    {
        var status = input.Deserialize<RunStatus>(DistilJson.Options)!;
        var older = await runs.TryReadStatusAsync(status.RunId, cancel) is not { } there || there.UpdatedAt <= status.UpdatedAt;
        if (older)
        {
            await runs.WriteStatusAsync(status, cancel);
        }

        return JsonSerializer.SerializeToElement(older, DistilJson.Options);
    }
}
