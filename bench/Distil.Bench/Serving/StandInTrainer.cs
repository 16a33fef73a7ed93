using Distil.Core.Artifacts.Kinds;
using System.CommandLine;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Settings;

namespace Distil.Bench.Serving;

/// <summary>A substitute for the trainer of <c>distil serve</c>: it completes each job at once, with the little output that the pipeline reads.</summary>
internal static class StandInTrainer
{
    internal static Command Create()
    {
        var command = new Command("work", "In a trainer's place: answers each request that its input names.") { Hidden = true };
        command.SetAction(async (_, _) =>
        {
            while (await Console.In.ReadLineAsync() is { } request)
            {
                await DoAsync(new Uri(request));
                Console.WriteLine($"done {request}");
            }
        });
        return command;
    }

    private static async Task DoAsync(Uri request)
    {
        var (store, blob) = ArtifactStore.OpenFor(request, Environment.GetEnvironmentVariable(SourceSettings.ConnectionVariable));
        var job = await store.ReadJsonAsync<JobRequest>(blob);
        var file = new ArtifactFile("nothing", Bytes: 0, Sha256: new string('0', 64));
        if (job.Makes is Dataset)
        {
            var rows = new TokenFile(file, Rows: 1, Tokens: 64);
            var shard = new DatasetShard { Index = job.Part, Train = rows, Eval = rows, Documents = 1, SourceBytes = 1 };
            await store.WriteJsonAsync(job.Made.Closing, shard);
        }
        else if (job.Makes is TeacherOutputs)
        {
            var shard = new TeacherOutputsShard { Index = job.Part, File = file, Rows = 1, Tokens = 64, MeanKeptTokens = 1, CappedShare = 0 };
            await store.WriteJsonAsync(job.Made.Closing, shard);
        }

        var now = DateTimeOffset.UtcNow;
        await store.TryCreateJsonAsync(ArtifactLayout.JobResult(job.RunId, job.JobId), new JobResult { StartedAt = now, EndedAt = now });
    }
}
