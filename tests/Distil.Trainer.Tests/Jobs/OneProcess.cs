using Distil.Core.Artifacts.Kinds;

namespace Distil.Trainer.Tests.Jobs;

/// <summary>A run whose jobs one process has done, for the tests that do them in several.</summary>
public sealed class OneProcess : IAsyncLifetime
{
    internal SmallRun Run { get; private set; } = null!;

    /// <value>What its jobs had made before the evaluation.</value>
    internal SortedDictionary<string, byte[]> Trained { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Run = SeveralProcessesTests.Small(processes: 1);
        await Run.PrepareAndTeachAsync();
        SmallRun.Succeeded(await Run.DoAsync(JobKind.Train, "train"));
        Trained = SeveralProcessesTests.Artifacts(Run);
        SmallRun.Succeeded(await Run.DoAsync(JobKind.Evaluate, "evaluate"));
    }

    public ValueTask DisposeAsync()
    {
        Run.Dispose();
        return ValueTask.CompletedTask;
    }
}
