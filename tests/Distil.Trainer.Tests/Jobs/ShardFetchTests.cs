using Distil.Core.Artifacts;
using Distil.Trainer.Jobs;
using Distil.Trainer.Tests.Training;
using Distil.Trainer.Training.Rows;

namespace Distil.Trainer.Tests.Jobs;

/// <summary>Shards come ahead of their use, in their order, and go when they are read: never more at once than there is room for.</summary>
public sealed class ShardFetchTests : IDisposable
{
    private const int ShardBytes = 100, Count = 6, NoSpace = 28;

    private readonly TemporaryFolder _folder = new();
    private readonly List<int> _fetched = [];
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromMinutes(2)); // a test that hangs fails
    private Func<int, Exception?> _fault = _ => null;
    private long _most;

    public void Dispose()
    {
        _stop.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task As_many_as_fit_are_fetched_ahead_and_no_more()
    {
        await using var fetch = Start(room: 350);
        await UntilAsync(() => Here(2));
        Assert.Equal([5, 3, 1], Fetched);
        await Task.Delay(50, _stop.Token);
        Assert.Equal([5, 3, 1], Fetched); // the fourth does not fit

        var reader = Reader(0, fetch);
        reader.Take(5);
        await Task.Delay(50, _stop.Token);
        Assert.Equal([5, 3, 1], Fetched); // the first is in use
        reader.Take(3);
        await UntilAsync(() => Here(3));
        Assert.False(File.Exists(PathOf(5)));
        Assert.True(File.Exists(PathOf(3)));
    }

    [Theory]
    [InlineData(100)] // one at a time
    [InlineData(250)]
    [InlineData(10_000)]
    [InlineData(1)] // less than a shard: one at a time
    public async Task All_processes_read_all_shards_and_the_disk_has_at_most_what_there_is_room_for(int room)
    {
        await using var fetch = Start(room, ranks: 3);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(rank => Task.Run(
            async () =>
            {
                var reader = Reader(rank, fetch);
                foreach (var shard in Order)
                {
                    Assert.Equal($"{shard}", (await File.ReadAllTextAsync(reader.Take(shard).RowsPath!, _stop.Token)).Trim());
                    await Task.Delay(rank * 10, _stop.Token); // the last is late
                }
            },
            _stop.Token)));
        Assert.Equal(Order, Fetched);
        Assert.InRange(_most, ShardBytes, Math.Max(room, ShardBytes));
        Assert.Equal(_most, fetch.MostBytes);
    }

    [Fact]
    public async Task A_full_disk_waits_for_what_is_read_and_is_an_error_if_nothing_can_be_deleted()
    {
        _fault = _ => Directory.GetFiles(_folder.Path, "*.bin").Length > 2 ? new IOException("No space left on device", NoSpace) : null;
        await using (var fetch = Start(room: 10_000))
        {
            var reader = Reader(0, fetch);
            foreach (var shard in Order)
            {
                Assert.True(File.Exists(reader.Take(shard).RowsPath));
            }
        }

        Assert.Equal(2 * ShardBytes, _most);
        _fault = _ => new IOException("No space left on device", NoSpace);
        Array.ForEach(Directory.GetFiles(_folder.Path), File.Delete);

        await using var full = Start(room: 10_000);
        Assert.Equal(NoSpace, Assert.Throws<IOException>(() => Reader(0, full).Take(5)).HResult);
    }

    [Fact]
    public async Task Damaged_shards_are_named_together_when_the_first_is_needed()
    {
        _fault = shard => shard is 1 or 0 ? Damage($"outputs-{shard}") : null;
        await using var fetch = Start(room: 10_000);
        var reader = Reader(0, fetch);
        reader.Take(5);
        reader.Take(3);
        Assert.Equal(["outputs-0", "outputs-1"], Assert.Throws<ArtifactException>(() => reader.Take(1)).Blobs);
        Assert.False(File.Exists(PathOf(1)));
    }

    [Fact]
    public async Task Of_damaged_shards_only_those_that_fit_are_known()
    {
        _fault = shard => shard is 3 or 2 ? Damage($"outputs-{shard}") : null;
        await using var fetch = Start(room: ShardBytes);
        var reader = Reader(0, fetch);
        reader.Take(5);
        Assert.Equal(["outputs-3"], Assert.Throws<ArtifactException>(() => reader.Take(3)).Blobs);
    }

    [Fact]
    public async Task A_wait_ends_if_the_training_ends()
    {
        var never = new TaskCompletionSource();
        await using var fetch = new ShardFetch(Plan(room: 10_000, ranks: 1), (_, _, stop) => never.Task.WaitAsync(stop), _stop.Token);
        var reader = Reader(0, fetch);
        var waits = Task.Run(() => reader.Take(5), _stop.Token);
        reader.EndWaits();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits);

        var second = Task.Run(() => Reader(0, fetch).Take(5), CancellationToken.None);
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
    }

    private static IReadOnlyList<int> Order { get; } = [5, 3, 1, 0, 2, 4];

    private int[] Fetched
    {
        get
        {
            lock (_fetched)
            {
                return [.. _fetched];
            }
        }
    }

    private static ArtifactException Damage(string blob) => ArtifactException.NoChecksum(new ArtifactFile(blob, 1, "none"));

    private ShardFetch Start(long room, int ranks = 1) => new(
        Plan(room, ranks),
        async (file, path, stop) =>
        {
            await Task.Yield();
            var shard = int.Parse(file.Name, System.Globalization.CultureInfo.InvariantCulture);
            await File.WriteAllTextAsync(path, file.Name.PadRight(ShardBytes), stop);
            if (_fault(shard) is { } fault)
            {
                throw fault;
            }

            _most = Math.Max(_most, Directory.GetFiles(_folder.Path, "*.bin").Sum(copy => new FileInfo(copy).Length));
            lock (_fetched)
            {
                _fetched.Add(shard);
            }
        },
        _stop.Token);

    private ShardFetchPlan Plan(long room, int ranks) => new(
        [.. Order.Select(shard => new FetchedShard(shard, [(new ArtifactFile($"{shard}", ShardBytes, ""), PathOf(shard))], ShardBytes))], _folder.Path, room, ranks);

    private ShardFiles Reader(int rank, ShardFetch fetch) => new(
        new TrainingFiles([.. Enumerable.Range(0, Count).Select(shard => new ShardCopy(1, PathOf(shard)))], _folder.Path, WithTargets: false), rank, fetch.Check);

    private bool Here(int number) => File.Exists(ShardFiles.HereMark(_folder.Path, Order[number]));

    private string PathOf(int shard) => ShardFiles.OwnCopy(_folder.Path, shard, "rows.bin");

    private async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(5, _stop.Token);
        }
    }
}
