using System.Text.Json;
using Azure;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Microsoft.Extensions.Logging;

namespace Distil.Cli.Hosting;

/// <summary>Calls a run's activities, and pauses the run while a disk of this machine is full: before a job that needs more space than there is, and when
/// the local storage cannot write.</summary>
/// <param name="activities">Calls an activity once.</param>
/// <param name="space">The disks.</param>
/// <param name="cache">The copies of artifacts on this machine.</param>
/// <param name="store">The storage of the run.</param>
/// <param name="say">Receives what the run waits for; null when it goes on.</param>
/// <param name="log">Receives a line when a pause begins.</param>
/// <param name="time">The clock.</param>
internal sealed class PausingActivities(
    Func<string, JsonElement, CancellationToken, Task<JsonElement>> activities, DiskSpace space, ArtifactCache cache, ArtifactStore store, Action<string?> say,
    ILogger log, TimeProvider time)
{
    /// <summary>Time between two looks at a disk.</summary>
    internal static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(5);

    private readonly RunDefinitions _definitions = new(store);

    /// <summary>Calls an activity.</summary>
    internal async Task<JsonElement> CallAsync(string name, JsonElement input, CancellationToken cancel)
    {
        if (name == StartJob.Id)
        {
            await WaitForSpaceAsync(input.Deserialize<StartInput>(DistilJson.Options)!, cancel);
        }

        for (var paused = false; ; paused = true)
        {
            try
            {
                var answer = await activities(name, input, cancel);
                GoOn(paused);
                return answer;
            }
            catch (Exception full) when (IsFull(full))
            {
                await PauseAsync(space.Find(SpaceNeeded.Nothing)?.ToString() ?? "the disk of the storage is full", paused, cancel);
            }
        }
    }

    // The server of the local storage names a full disk (507) where it can; some of its own failures have no better status than 500.
    private bool IsFull(Exception error) =>
        DiskFull.Is(error) || (error is RequestFailedException { Status: 500 } && space.Find(SpaceNeeded.Nothing) is not null);

    // A run that is cancelled meanwhile needs no space: the activity finds the request.
    private async Task WaitForSpaceAsync(StartInput input, CancellationToken cancel)
    {
        var (plan, _) = await _definitions.ReadAsync(input.Spec.RunId, cancel);
        var needed = SpaceNeeded.Of(plan, input.Spec.Makes);
        if (input.Spec.Makes is Weights)
        {
            var copies = await MissingCopiesAsync(plan.Dataset, cancel) + await MissingCopiesAsync(plan.TeacherOutputs, cancel);
            needed = needed with { Cache = needed.Cache + Math.Min(copies, SpaceNeeded.ShardsOfTraining(plan)) }; // it can do with a few at a time
        }

        var paused = false;
        for (; space.Find(needed) is { } shortage && !await store.ExistsAsync(ArtifactLayout.Cancel(input.Spec.RunId), cancel); paused = true)
        {
            await PauseAsync($"{input.JobId}: {shortage}", paused, cancel);
        }

        GoOn(paused);
    }

    private async Task<long> MissingCopiesAsync(SharedArtifact artifact, CancellationToken cancel) =>
        (await artifact.FindFilesAsync(store, cancel) ?? []).Where(file => !cache.Contains(file)).Sum(file => file.Bytes);

    private async Task PauseAsync(string why, bool paused, CancellationToken cancel)
    {
        if (!paused)
        {
            log.RunPauses(why);
        }

        say($"paused: {why}");
        await Task.Delay(BetweenLooks, time, cancel);
    }

    private void GoOn(bool paused)
    {
        if (paused)
        {
            say(null);
        }
    }
}
