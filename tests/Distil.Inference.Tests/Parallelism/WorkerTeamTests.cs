using Distil.Inference.Parallelism;

namespace Distil.Inference.Tests.Parallelism;

public sealed class WorkerTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_part_is_done_once_before_the_call_returns(int threads)
    {
        using var team = new WorkerTeam(threads);
        var work = new Counting();
        for (var round = 0; round < 400; round++)
        {
            team.Run(work, 1 + round % 40, long.MaxValue);
            Assert.Equal(Enumerable.Repeat(1, 1 + round % 40), work.Counts[..(1 + round % 40)]);
            Array.Clear(work.Counts);
        }
    }

    [Fact]
    public void Workers_that_sleep_wake_up_for_the_next_work()
    {
        using var team = new WorkerTeam(3);
        var work = new Meeting(3);
        // Each part waits for the two others, so the call returns only if all threads take part.
        team.Run(work, 3, long.MaxValue);
        SpinWait.SpinUntil(() => team.Sleeping == 2);
        team.Run(work, 3, long.MaxValue);
        Assert.Equal(2, work.Meetings);
    }

    [Fact]
    public void A_failure_of_a_part_reaches_the_caller_and_the_team_goes_on()
    {
        using var team = new WorkerTeam(2);
        Assert.Contains("part 7", Assert.Throws<InvalidOperationException>(() => team.Run(new Failing(), 20, long.MaxValue)).Message);
        var work = new Counting();
        team.Run(work, 10, long.MaxValue);
        Assert.Equal(10, work.Counts.Sum());
    }

    private sealed class Counting : IWork
    {
        internal int[] Counts { get; } = new int[40];

        public void Do(int part) => Interlocked.Increment(ref Counts[part]);
    }

    private sealed class Meeting(int parts) : IWork
    {
        private readonly Barrier _barrier = new(parts);

        internal long Meetings => _barrier.CurrentPhaseNumber;

        public void Do(int part) => _barrier.SignalAndWait(TestContext.Current.CancellationToken);
    }

    private sealed class Failing : IWork
    {
        public void Do(int part)
        {
            if (part == 7)
            {
                throw new ArithmeticException($"part {part}");
            }
        }
    }
}
