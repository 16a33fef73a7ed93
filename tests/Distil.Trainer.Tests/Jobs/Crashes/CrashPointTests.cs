using Distil.Cli.Hosting;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Distil.Core.Tests.Artifacts;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Trainer.Tests.Jobs.Crashes;

/// <summary>A run whose host and jobs end at once after the n-th change of storage, for every n: the next host ends it with the same artifacts, byte for
/// byte.</summary>
/// <remarks>
/// Storage is all that outlives a process, so what it holds after n changes is the crash. Leases are over by then. <c>DISTIL_CRASH_POINTS=all</c> tries
/// every n; else a sample is tried.
/// </remarks>
public sealed class CrashPointTests : IDisposable
{
    private const int Sample = 12;

    private readonly SmallRun _run = new(spec => spec with
    {
        Dataset = spec.Dataset with { MaxTokens = 1500, ShardTokens = 800 },
        Evaluation = spec.Evaluation with { Tasks = [], Recall = new() { Lengths = [] } }, // what an evaluation measures decides no write
    });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _run.Dispose();

    [Fact]
    public async Task A_run_that_crashes_after_any_write_ends_with_the_same_artifacts()
    {
        var crashes = new List<(string Change, KeyValuePair<string, byte[]>[] Blobs)>();
        using var undisturbed = new InMemoryBlobService();
        await new RunFolder(undisturbed.OpenStore()).CreateAsync(_run.Spec, _run.Plan, Cancel);
        undisturbed.Changed = blob =>
        {
            if (Matters(blob))
            {
                crashes.Add((blob, undisturbed.Blobs.ToArray()));
            }
        };
        await EndAsync(undisturbed);
        var expected = undisturbed.Blobs.Where(blob => IsArtifact(blob.Key)).ToDictionary();
        Assert.True(crashes.Count > 100, $"{crashes.Count} crashes");

        var tried = Environment.GetEnvironmentVariable("DISTIL_CRASH_POINTS") == "all"
            ? crashes
            : crashes.Where((_, i) => i % (crashes.Count / Sample) == Sample / 2);
        foreach (var (change, blobs) in tried)
        {
            using var left = new InMemoryBlobService();
            foreach (var (name, content) in blobs)
            {
                left.Blobs[name] = content;
            }

            await EndAsync(left);

            var after = $"crashed after change {crashes.FindIndex(crash => crash.Blobs == blobs) + 1} of {crashes.Count}, of {change}";
            Assert.All(expected, blob => Assert.True(
                left.Blobs.TryGetValue(blob.Key, out var found) && found.SequenceEqual(blob.Value), $"{blob.Key} is missing or differs; {after}"));
            Assert.All(left.Blobs.Keys.Where(IsArtifact).Except(expected.Keys), blob => Assert.Contains("/checkpoints/", blob, StringComparison.Ordinal));
        }
    }

    // A new host, new jobs and a machine without copies.
    private async Task EndAsync(InMemoryBlobService service)
    {
        var store = service.OpenStore();
        using var program = _run.NewProgram();
        var activities = new ActivityCatalog(store, new InProcessJobs(program, store));
        var input = PipelineInput.From(_run.Spec, _run.Plan) with { Polling = new Polling { MinMilliseconds = 1, MaxMilliseconds = 5 } };
        var (folder, cache) = (Path.GetTempPath(), new ArtifactCache(Path.Combine(Path.GetTempPath(), "distil-no-such-folder")));
        var disks = new DiskSpace(storage: null, folder, folder, _ => long.MaxValue);
        var driver = new RunDriver(input, store, activities.CallAsync, disks, cache, NullLogger.Instance, TimeProvider.System);
        driver.Begin(Cancel);
        var outcome = await driver.Outcome;
        Assert.True(outcome.State == RunState.Succeeded, outcome.Failure?.ToString());
    }

    // How far a job or run is decides nothing.
    private static bool Matters(string blob) =>
        !blob.EndsWith("/progress.json", StringComparison.Ordinal) && !blob.EndsWith("/status.json", StringComparison.Ordinal);

    // What a run makes, without the documents that hold times.
    private static bool IsArtifact(string blob) =>
        (blob.StartsWith("datasets/", StringComparison.Ordinal) || blob.StartsWith("teacher-outputs/", StringComparison.Ordinal)
            || blob.Contains("/model/", StringComparison.Ordinal)
            || blob.Contains("/reports/epoch-", StringComparison.Ordinal)
            || (blob.Contains("/checkpoints/", StringComparison.Ordinal) && !blob.EndsWith("/manifest.json", StringComparison.Ordinal)))
        && !blob.EndsWith(".claim", StringComparison.Ordinal);
}
