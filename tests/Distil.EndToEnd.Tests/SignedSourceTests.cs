using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Tests.Sources.Remote;

namespace Distil.EndToEnd.Tests;

/// <summary>Text that needs a signature: every process of a run can read it, and no file of the run contains the signature.</summary>
public sealed class SignedSourceTests
{
    private const string Secret = "c2lnbmF0dXJlLW9mLXRlc3Rz";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_signature_of_the_environment_is_used_before_and_after_a_kill_and_stands_in_no_file()
    {
        await using var web = await LocalWeb.StartAsync();
        web.Files["/corpora/stories.txt"] = (Encoding.UTF8.GetBytes(string.Join('\n', SmallDemo.Stories().Take(60))), "v1");
        web.Signature = Secret;
        using var distil = new DistilCommand();
        var spec = Write(distil, web.Url("/corpora/stories.txt"));
        (await distil.RunAsync("run", spec)).IsBadInput("dataset.sources", "/corpora/stories.txt may not be read (403", "DISTIL_SIGNED_URLS");

        distil.Environment["DISTIL_SIGNED_URLS"] = $"{web.Url("/corpora")}?sv=1&sig={Secret}";
        // The job that is killed gets nothing, so that the next one has to ask again.
        var dead = new TaskCompletionSource();
        web.Gate = range => IsOfAJob(range) ? dead.Task : Task.CompletedTask;
        using (var killed = distil.Start("run", spec))
        {
            while (!web.Ranges.Any(IsOfAJob))
            {
                await Task.Delay(50, Cancel);
            }

            killed.Kill(entireProcessTree: true);
            await killed.WaitForExitAsync(Cancel);
        }

        web.Ranges.Clear();
        dead.SetResult();
        var runs = JsonDocument.Parse((await distil.RunAsync("runs", "--json")).Succeeded().LastLine).RootElement;
        var runId = Assert.Single(runs.EnumerateArray()).GetProperty("runId").GetString()!;
        var resumed = (await distil.RunAsync("run", "--resume", runId, "--json")).Succeeded();
        Assert.Contains(web.Ranges, IsOfAJob);

        Assert.DoesNotContain(Secret, resumed.Output + resumed.Error, StringComparison.Ordinal);
        string[] files = [.. Directory.GetFiles(distil.Workspace.Home, "*", SearchOption.AllDirectories).Where(file => file != spec)];
        // The stored specification and plan are among them.
        Assert.Contains(files, file => File.ReadAllText(file).Contains("/corpora/stories.txt", StringComparison.Ordinal));
        Assert.All(files, file => Assert.DoesNotContain(Secret, File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_signature_in_a_specification_is_refused_and_not_said_again()
    {
        using var distil = new DistilCommand();
        var refused = await distil.RunAsync("run", Write(distil, $"https://account.blob.core.windows.net/corpora/a.txt?sv=1&sig={Secret}"));
        refused.IsBadInput("dataset.sources[0]", "sig", "DISTIL_SIGNED_URLS");
        Assert.DoesNotContain(Secret, refused.Output + refused.Error, StringComparison.Ordinal);
    }

    // A planner requests only the first byte.
    private static bool IsOfAJob(string range) => range != "bytes=0-0";

    private static string Write(DistilCommand distil, string source) => SmallDemo.Write(distil.Workspace.Home, json =>
    {
        json["dataset"]!["sources"] = new JsonArray(source);
        json["training"]!["epochs"] = 1;
        json["evaluation"] = JsonNode.Parse("""{ "maxRows": 8, "sampleTokens": 0, "decodeContexts": [16], "recall": { "lengths": [] } }""");
    });
}
