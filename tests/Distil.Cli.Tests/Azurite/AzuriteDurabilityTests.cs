using Azure;
using static Distil.Cli.Tests.Azurite.JoinedAzurite;

namespace Distil.Cli.Tests.Azurite;

/// <summary>What a server has answered is kept, whether it is killed or its disk is full.</summary>
public sealed class AzuriteDurabilityTests
{
    [Fact]
    public async Task Killed_it_is_started_again_and_has_lost_nothing_that_it_answered()
    {
        using var temporary = new TemporaryWorkspace();
        await using var server = await JoinAsync(temporary);
        var store = await StoreAsync(server);
        var log = store.OpenLog("log");
        await log.ReadAsync(Cancel);
        for (var round = 0; round < 4; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(i => store.WriteTextAsync($"{round}/{i}", $"{round}/{i}", cancel: Cancel)));
            await log.AppendAsync(new[] { (byte)('a' + round) }, Cancel);
            await KillAsync(temporary);

            for (var i = 0; i < 8; i++)
            {
                Assert.Equal($"{round}/{i}", await store.TryReadTextAsync($"{round}/{i}", Cancel));
            }
        }

        Assert.Equal("abcd"u8.ToArray(), await store.OpenLog("log").ReadAsync(Cancel));
    }

    [Fact]
    public async Task A_small_write_stays_small_however_many_blobs_there_are_and_outlives_a_kill()
    {
        using var temporary = new TemporaryWorkspace();
        await using var server = await JoinAsync(temporary);
        var store = await StoreAsync(server);
        await Parallel.ForAsync(0, 400, Cancel, async (i, stop) => await store.WriteTextAsync($"many/{i:d3}", "x", cancel: stop));
        await store.DeleteAsync("many/007", Cancel);

        // The journal may just have become as long as the index, which is then written; twice in a row it cannot.
        var writes = new List<(bool IsIndexWritten, long Bytes)>();
        for (var i = 0; i < 2; i++)
        {
            var (index, bytes) = (File.GetLastWriteTimeUtc(Index(temporary)), Length(Journal(temporary)));
            await store.WriteTextAsync($"one/{i}", "kept", cancel: Cancel);
            writes.Add((File.GetLastWriteTimeUtc(Index(temporary)) != index, Length(Journal(temporary)) - bytes));
        }

        Assert.Contains(writes, write => !write.IsIndexWritten && write.Bytes is > 0 and < 4_000);
        Assert.InRange(new FileInfo(Index(temporary)).Length, 100_000, long.MaxValue);
        await KillAsync(temporary);
        Assert.Equal("kept", await store.TryReadTextAsync("one/1", Cancel));
        var many = new List<string>();
        await foreach (var blob in store.ListAsync("many/", Cancel))
        {
            many.Add(blob.Name);
        }

        Assert.Equal(Enumerable.Range(0, 400).Where(i => i != 7).Select(i => $"many/{i:d3}"), many.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_full_disk_is_said_to_be_one_and_nothing_is_lost_when_there_is_room_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "it needs /dev/full");
        using var temporary = new TemporaryWorkspace();
        await using var server = await JoinAsync(temporary);
        var store = await StoreAsync(server);
        await store.WriteTextAsync("before", "kept", cancel: Cancel);
        var journal = Journal(temporary);
        File.Move(journal, $"{journal}.aside");
        File.CreateSymbolicLink(journal, "/dev/full");

        var full = await Assert.ThrowsAsync<RequestFailedException>(() => store.WriteTextAsync("a", "b", cancel: Cancel));
        Assert.Equal((507, "InsufficientStorage"), (full.Status, full.ErrorCode));

        File.Move($"{journal}.aside", journal, overwrite: true);
        await store.WriteTextAsync("c", "d", cancel: Cancel);
        await KillAsync(temporary);
        Assert.Equal("kept", await store.TryReadTextAsync("before", Cancel));
        Assert.Equal("d", await store.TryReadTextAsync("c", Cancel));
    }

    private static string Index(TemporaryWorkspace temporary) => Path.Combine(temporary.Workspace.Storage, "__azurite_db_blob__.json");

    private static string Journal(TemporaryWorkspace temporary) => $"{Index(temporary)}.log";

    private static long Length(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;
}
