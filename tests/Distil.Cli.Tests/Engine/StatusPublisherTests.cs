using Azure;
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

    [Fact]
    public async Task Storage_that_fails_for_a_while_loses_no_last_status()
    {
        var (written, failures) = (new List<RunStatus>(), 3);
        var last = new RunStatus { RunId = "run", State = RunState.Succeeded, StartedAt = DateTimeOffset.UnixEpoch, UpdatedAt = DateTimeOffset.UnixEpoch };
        await using (var publisher = new StatusPublisher(
            status =>
            {
                if (failures-- > 0)
                {
                    throw new RequestFailedException(507, "no space is left");
                }

                written.Add(status);
                return Task.CompletedTask;
            }, TimeSpan.FromMilliseconds(1)))
        {
            publisher.Publish(last);
        }

        Assert.Equal([last], written);
    }
}
