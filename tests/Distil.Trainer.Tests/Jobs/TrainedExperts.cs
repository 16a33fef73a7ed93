using Distil.Core.Artifacts.Kinds;
using Distil.Core.Runs;
using Distil.Core.Specification;

namespace Distil.Trainer.Tests.Jobs;

/// <summary>Two runs in one storage whose linearised students have trained, for the tests of a class.</summary>
public sealed class TrainedExperts : IAsyncLifetime
{
    private Dictionary<string, byte[]> _blobs = null!;

    internal SmallRun First { get; private set; } = null!;

    internal SmallRun Second { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        First = await TrainAsync(seed: 1, StudentKind.Linearised);
        Second = await TrainAsync(seed: 2, StudentKind.Linearised, beside: First);
        _blobs = First.Blobs.ToDictionary(blob => blob, blob => First[blob]);
    }

    public ValueTask DisposeAsync()
    {
        Second.Dispose();
        First.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Puts the storage back to what it was after the training.</summary>
    internal void Restore() => First.Restore(_blobs);

    /// <summary>A run that has trained for an epoch.</summary>
    internal static async Task<SmallRun> TrainAsync(int seed, StudentKind kind, SmallRun? beside = null)
    {
        var run = new SmallRun(spec => Shaped(spec, kind) with { Seed = seed }, beside);
        await run.PrepareAndTeachAsync();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train"));
        await new RunFolder(run.Store).CreateAsync(run.Spec, run.Plan, TestContext.Current.CancellationToken);
        await new RunFolder(run.Store).WriteStatusAsync(
            new RunStatus { RunId = run.Plan.RunId, State = RunState.Succeeded, StartedAt = default, UpdatedAt = default }, TestContext.Current.CancellationToken);
        return run;
    }

    /// <summary>A specification of a short training, without what a merge does not need.</summary>
    internal static RunSpec Shaped(RunSpec spec, StudentKind kind)
    {
        var small = spec with
        {
            Dataset = spec.Dataset with { MaxTokens = 1000 },
            Training = spec.Training with { Epochs = 1, CheckpointEverySteps = 1000 },
            Evaluation = spec.Evaluation with { Baseline = false, Tasks = [], Recall = new RecallSpec { Lengths = [] } },
        };
        return kind == StudentKind.Xlstm ? small : small with
        {
            Student = new StudentSpec { Kind = kind, Window = 8, Sinks = 1 },
            Distillation = new()
            {
                Alpha = new() { From = 0.9, To = 0.9 }, Temperature = new() { From = 1, To = 1 }, Alignment = new() { Kind = AlignmentKind.None },
            },
            Training = small.Training with { Stages = new() { Alignment = new() { Share = 0.3 } } },
        };
    }
}
