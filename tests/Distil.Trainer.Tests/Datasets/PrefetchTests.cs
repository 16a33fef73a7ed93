using System.Collections.Concurrent;
using Distil.Trainer.Datasets;

namespace Distil.Trainer.Tests.Datasets;

public sealed class PrefetchTests
{
    [Fact]
    public void Gives_all_items_in_order_and_leaves_their_disposal_to_the_caller()
    {
        var disposed = new ConcurrentBag<int>();
        using var ahead = new Prefetch<Item>(Enumerable.Range(0, 20).Select(number => new Item(number, disposed)));
        Assert.Equal(Enumerable.Range(0, 20), ahead.Items().Select(item => item.Number));
        Assert.Empty(disposed);
    }

    [Fact]
    public void Stopped_early_disposes_what_was_made_and_not_used()
    {
        var (disposed, made) = (new ConcurrentBag<int>(), 0);
        using (var ahead = new Prefetch<Item>(Enumerable.Range(0, 1000).Select(number => new Item(made = number, disposed))))
        {
            Assert.Equal(0, ahead.Items().First().Number);
        }

        Assert.True(made < 1000);
        Assert.Equal(Enumerable.Range(1, made), disposed.Order());
    }

    [Fact]
    public void An_error_comes_after_the_items_before_it()
    {
        using var ahead = new Prefetch<Item>(Enumerable.Range(0, 5).Select(number => number < 3 ? new Item(number, []) : throw new IOException("gone")));
        var seen = new List<int>();
        Assert.Throws<IOException>(() => seen.AddRange(ahead.Items().Select(item => item.Number)));
        Assert.Equal([0, 1, 2], seen);
    }

    private sealed class Item(int number, ConcurrentBag<int> disposed) : IDisposable
    {
        public int Number => number;

        public void Dispose() => disposed.Add(number);
    }
}
