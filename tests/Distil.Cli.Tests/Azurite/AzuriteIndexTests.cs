using System.Diagnostics;
using Distil.Cli.Azurite;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Cli.Tests.Azurite;

/// <summary>Storage whose index is damaged: Azurite by itself would take it for a new one, and delete the bytes of all blobs.</summary>
public sealed class AzuriteIndexTests : IDisposable
{
    private readonly TemporaryWorkspace _temporary = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Blobs => Path.Combine(_temporary.Workspace.Storage, "__azurite_db_blob__.json");

    public void Dispose() => _temporary.Dispose();

    [Theory]
    [InlineData("cut")]
    [InlineData("empty")]
    [InlineData("new")]
    [InlineData("missing")]
    public async Task A_damaged_index_is_refused_and_the_last_good_one_repairs_it(string damage)
    {
        await UseAsync(store => store.WriteTextAsync("a/b.txt", "kept", cancel: Cancel));
        Damage(damage);

        var refused = await Assert.ThrowsAsync<InvalidInputException>(() => UseAsync(_ => Task.CompletedTask));
        Assert.StartsWith($"{Blobs}: it ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("distil doctor --repair", refused.Message, StringComparison.Ordinal);

        Assert.StartsWith($"{Blobs}: it ", Assert.Single(new AzuriteIndex(_temporary.Workspace).Repair()), StringComparison.Ordinal);
        Assert.Equal(damage != "missing", File.Exists($"{Blobs}.damaged-1"));
        await UseAsync(async store => Assert.Equal("kept", await store.TryReadTextAsync("a/b.txt", Cancel)));
        Assert.Empty(new AzuriteIndex(_temporary.Workspace).Repair());
    }

    [Fact]
    public async Task What_was_written_after_the_last_good_index_comes_from_the_journals()
    {
        await UseAsync(store => store.WriteTextAsync("a", "first", cancel: Cancel));
        await using (var server = await AzuriteServer.JoinAsync(_temporary.Workspace, port: null, NullLogger.Instance, Cancel))
        {
            var store = await ArtifactStore.OpenAsync(server.ConnectionString, cancel: Cancel);
            await store.WriteTextAsync("a", "second", cancel: Cancel);
            await store.WriteTextAsync("b", "kept", cancel: Cancel);
            await store.WriteTextAsync("c", "kept", cancel: Cancel);
            await store.DeleteAsync("c", Cancel);
            Process.GetProcessById((await new AzuriteFiles(_temporary.Workspace).ReadAsync(Cancel))!.ProcessId).Kill();
        }

        Damage("cut");
        new AzuriteIndex(_temporary.Workspace).Repair();

        await UseAsync(async store => Assert.Equal(
            ("second", "kept", false),
            (await store.TryReadTextAsync("a", Cancel), await store.TryReadTextAsync("b", Cancel), await store.ExistsAsync("c", Cancel))));
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("missing")]
    [InlineData("damaged")]
    public async Task A_damaged_journal_is_refused_by_its_name_and_repaired_up_to_the_damage(string damage)
    {
        await using (var server = await AzuriteServer.JoinAsync(_temporary.Workspace, port: null, NullLogger.Instance, Cancel))
        {
            var store = await ArtifactStore.OpenAsync(server.ConnectionString, cancel: Cancel);
            foreach (var name in (string[])["a", "b", "c"])
            {
                await store.WriteTextAsync(name, name, cancel: Cancel);
            }

            Process.GetProcessById((await new AzuriteFiles(_temporary.Workspace).ReadAsync(Cancel))!.ProcessId).Kill();
        }

        var lines = File.ReadAllLines($"{Blobs}.log"); // its header, and a line for each blob
        lines[^1] = lines[^1].Replace("\"c\"", "\"d\"", StringComparison.Ordinal);
        File.Delete($"{Blobs}.log");
        if (damage != "missing")
        {
            File.WriteAllLines($"{Blobs}.log", damage == "cut" ? lines[..^1] : lines);
        }

        var refused = await Assert.ThrowsAsync<InvalidInputException>(() => UseAsync(_ => Task.CompletedTask));
        Assert.StartsWith($"{Blobs}.log: it", refused.Message, StringComparison.Ordinal);

        Assert.StartsWith($"{Blobs}.log: it", Assert.Single(new AzuriteIndex(_temporary.Workspace).Repair()), StringComparison.Ordinal);
        await UseAsync(async store => Assert.Equal(
            (damage != "missing", damage != "missing", false), (await store.ExistsAsync("a", Cancel), await store.ExistsAsync("b", Cancel), await store.ExistsAsync("c", Cancel))));
    }

    [Fact]
    public async Task Without_a_good_one_nothing_is_touched()
    {
        await UseAsync(store => store.WriteTextAsync("a", "b", cancel: Cancel));
        Damage("cut");
        File.Copy(Blobs, $"{Blobs}.last", overwrite: true);
        var before = File.ReadAllText(Blobs);

        var refused = Assert.Throws<InvalidInputException>(() => new AzuriteIndex(_temporary.Workspace).Repair());

        Assert.Contains("nothing is left to repair it with", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(Blobs));
    }

    [Fact]
    public void A_new_storage_has_no_fault() => new AzuriteIndex(_temporary.Workspace).Require();

    private void Damage(string damage)
    {
        var text = File.ReadAllText(Blobs);
        switch (damage)
        {
            case "cut":
                File.WriteAllText(Blobs, text[..(text.Length / 2)]);
                break;
            case "empty":
                File.WriteAllText(Blobs, "");
                break;
            case "new":
                File.WriteAllText(Blobs, """{ "collections": [ { "name": "$BLOBS_COLLECTION$", "data": [] } ] }""");
                break;
            default:
                File.Delete(Blobs);
                break;
        }
    }

    // Twice, so that the index before the latest save has the blob too.
    private async Task UseAsync(Func<ArtifactStore, Task> use)
    {
        await using var server = await AzuriteServer.JoinAsync(_temporary.Workspace, port: null, NullLogger.Instance, Cancel);
        var store = await ArtifactStore.OpenAsync(server.ConnectionString, cancel: Cancel);
        await use(store);
        await use(store);
    }
}
