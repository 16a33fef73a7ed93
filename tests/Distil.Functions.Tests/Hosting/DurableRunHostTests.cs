using Distil.Functions.Hosting;

namespace Distil.Functions.Tests.Hosting;

public sealed class DurableRunHostTests
{
    [Fact]
    public void A_teach_job_of_two_minutes_takes_at_most_forty_actions()
    {
        var polling = new DurableRunHost(null!, null!).Polling;
        var polls = 1;
        for (var elapsed = TimeSpan.Zero; elapsed < TimeSpan.FromSeconds(106); elapsed += polling.After(elapsed))
        {
            polls++;
        }

        // Its own start, that of the activity that starts it and its result, two statuses that are written; a poll is an activity, its result and a timer.
        Assert.InRange(1 + 2 + (2 * 2) + (3 * polls), 3, 40);
    }
}
