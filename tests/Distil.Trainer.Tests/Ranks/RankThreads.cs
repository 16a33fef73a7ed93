using Distil.Core.Jobs;
using Distil.Trainer.Ranks;

namespace Distil.Trainer.Tests.Ranks;

/// <summary>A group whose processes are threads of this one.</summary>
internal static class RankThreads
{
    /// <summary>Does the same in each of them. A thread that fails ends the others' waits.</summary>
    public static void InEach(string sharedFile, int count, RankWatch watch, Action<IRankGroup> action)
    {
        var threads = Enumerable.Range(0, count).Select(rank => Task.Factory.StartNew(
            () =>
            {
                using var group = new SharedMemoryGroup(sharedFile, rank, count, watch);
                try
                {
                    action(group);
                }
                catch (Exception failed) when (failed is not RankLostException)
                {
                    watch.Lose(new(FailureClass.Transient, failed.Message));
                    throw;
                }
            },
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        Task.WaitAll(threads, TestContext.Current.CancellationToken);
    }
}
