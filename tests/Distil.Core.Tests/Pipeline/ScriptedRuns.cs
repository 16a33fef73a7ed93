using Distil.Core.Artifacts;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Distil.Core.Tests.Artifacts;

namespace Distil.Core.Tests.Pipeline;

/// <summary>Whole runs of two epochs over scripted jobs.</summary>
public abstract class ScriptedRuns : IDisposable
{
    private protected ScriptedRuns()
    {
        Store = Service.OpenStore();
        Jobs = new ScriptedJobs(Store);
    }

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected InMemoryBlobService Service { get; } = new();

    private protected ArtifactStore Store { get; }

    private protected ScriptedJobs Jobs { get; }

    public void Dispose()
    {
        Service.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static PipelineInput Input(string runId, int shards, RunSpec spec) => PipelineInput.From(spec, Plans.Of(runId, shards));

    private protected static RunSpec Spec() => new()
    {
        Name = "a",
        Teacher = new TeacherSpec { Path = "/t" },
        Dataset = new DatasetSpec { Sources = ["/x"] },
        Training = new TrainingSpec { Epochs = 2 },
    };

    private protected async Task<(RunOutcome Outcome, InProcessContext Context)> RunAsync(
        string runId = "run", int shards = 2, Func<RunSpec, RunSpec>? change = null, Action<InProcessContext>? ready = null)
    {
        var spec = change is null ? Spec() : change(Spec());
        await new RunFolder(Store).CreateAsync(spec, Plans.Of(runId, shards));
        var context = new InProcessContext(new ActivityCatalog(Store, Jobs), runId);
        ready?.Invoke(context);
        return (await DistillPipeline.RunAsync(context, Input(runId, shards, spec)), context);
    }
}
