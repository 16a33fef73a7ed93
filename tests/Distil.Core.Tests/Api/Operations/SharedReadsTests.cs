using Distil.Core.Api.Operations;

namespace Distil.Core.Tests.Api.Operations;

public sealed class SharedReadsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Those_who_wait_share_a_read_and_those_who_come_after_its_start_do_not()
    {
        var reads = new SharedReads<int>(most: 1);
        var first = new TaskCompletionSource<int>();
        var count = 0;

        var before = reads.GetAsync("a", () => first.Task, Cancel); // occupies the only slot
        var waiting = Enumerable.Range(0, 5).Select(_ => reads.GetAsync("a", () => Task.FromResult(++count), Cancel)).ToList();
        Assert.All(waiting, read => Assert.False(read.IsCompleted));
        first.SetResult(-1);

        Assert.Equal(-1, await before);
        Assert.All(await Task.WhenAll(waiting), read => Assert.Equal(1, read));
        Assert.Equal(2, await reads.GetAsync("a", () => Task.FromResult(++count), Cancel));
    }

    [Fact]
    public async Task A_failure_is_everybodys_and_is_not_kept()
    {
        var reads = new SharedReads<int>(most: 1);
        await Assert.ThrowsAsync<IOException>(() => reads.GetAsync("a", () => Task.FromException<int>(new IOException()), Cancel));
        Assert.Equal(1, await reads.GetAsync("a", () => Task.FromResult(1), Cancel));
    }

    [Fact]
    public async Task One_who_leaves_takes_nobody_along()
    {
        var reads = new SharedReads<int>(most: 1);
        var place = new TaskCompletionSource<int>();
        var holder = reads.GetAsync("b", () => place.Task, Cancel);
        using var leaving = new CancellationTokenSource();
        var leaver = reads.GetAsync("a", () => Task.FromResult(1), leaving.Token);
        var stayer = reads.GetAsync("a", () => Task.FromResult(1), Cancel);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaver);
        place.SetResult(0);
        Assert.Equal(1, await stayer);
        Assert.Equal(0, await holder);
    }
}
