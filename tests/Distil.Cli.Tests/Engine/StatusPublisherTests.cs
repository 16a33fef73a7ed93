using Distil.Cli.Engine;
using Distil.Core.Runs;

namespace Distil.Cli.Tests.Engine;

public sealed class StatusPublisherTests
{
    [Fact]
    public async Task Writes_in_order_never_blocks_and_always_writes_the_last()
    {
        var written = new List<int>();
        var publisher = new StatusPublisher(async status =>
        {
            await Task.Delay(5);
            written.Add(status.StageDone);
        });
        for (var done = 1; done <= 200; done++)
        {
            publisher.Publish(new RunStatus { RunId = "run", State = RunState.Running, StageDone = done, StartedAt = default, UpdatedAt = default });
        }

        Assert.Equal(200, publisher.Latest!.StageDone);
        await publisher.DisposeAsync();

        Assert.Equal(200, written[^1]);
        Assert.Equal(written.Order(), written);
        Assert.True(written.Count < 200, "statuses that a newer one replaced while waiting need no writing");
    }
}
